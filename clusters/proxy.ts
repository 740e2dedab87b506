import type { Problem } from "../errors.ts";

/** The HTTP proxies by which hosts reach the world. Plain data. */
export interface Proxy<Text = string> {
  /** For http addresses, `http://proxy.example.org:3128` for example. A secret if it holds a user and a password. */
  readonly http?: Text;
  /** For https addresses. A secret if it holds a user and a password. */
  readonly https?: Text;
  /** Names, addresses and ranges that are reached directly, beside the cluster's own. @default [] */
  readonly noProxy?: readonly string[];
}

/** What a proxy's address looks like. One that does not fit is never shown: it may hold a password. */
export const proxyPattern = /^https?:\/\/[^\s'"\\$`]+$/;

/** What is wrong with proxies. Pure. */
export function proxyProblems({ http, https, noProxy = [] }: Proxy = {}): readonly Problem[] {
  const wrong = Object.entries({ http, https }).filter(
    ([, address]) => address !== undefined && !proxyPattern.test(address),
  );
  const entries = noProxy.filter((entry) => !/^[\w.:/*[\]-]+$/.test(entry));
  return [
    ...wrong.map(([key]) =>
      invalid(`proxy.${key}`, "wants an address such as http://proxy.example.org:3128"),
    ),
    ...entries.map((entry) => invalid("proxy.noProxy", `"${entry}" is not a name, an address or a range`)),
  ];
}

function invalid(where: string, message: string): Problem {
  return { code: "KEELSON_INVALID_INPUT", where, message };
}
