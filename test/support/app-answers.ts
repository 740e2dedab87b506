import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";

/** What the program of the examples answers: who it is, and what those answered that it uses. */
export interface Answer {
  readonly name?: string;
  readonly message?: string;
  readonly error?: string;
  readonly uses?: Readonly<Record<string, Answer>>;
}

/** The name that a used program answered with, or why there was no answer. */
export function said({ uses = {} }: Answer, name: string): string {
  const answer = uses[name];
  return answer?.name ?? answer?.error ?? "was not asked";
}

/** The names of all programs in an answer, without the numbers of their pods. */
export function* namesIn({ name: own, uses = {} }: Answer, seen = new Set<string>()): Generator<string> {
  const short = own?.replace(/-\d+$/, "") ?? "";
  if (!seen.has(short)) {
    seen.add(short);
    yield short;
  }
  for (const each of Object.values(uses)) yield* namesIn(each, seen);
}

/** A request for a host, sent to an address that may be another's. */
export interface Asked {
  readonly address: string;
  readonly port: number;
  /** The host that is asked for. @default - the address */
  readonly host?: string;
  /** @default "/" */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent by POST if it is given. */
  readonly body?: string;
}

/** The body of the answer; throws if its status is not 200, or after 15 seconds. `fetch` would not name another host. */
export async function ask({ address, port, host, path = "/", headers, body }: Asked): Promise<string> {
  const outgoing = request({
    host: address,
    port,
    path,
    agent: false,
    timeout: 15_000,
    method: body === undefined ? "GET" : "POST",
    headers: { ...headers, ...(host !== undefined && { host }) },
  });
  outgoing.once("timeout", () => outgoing.destroy(new Error(`"${host ?? address}" does not answer`)));
  outgoing.end(body);
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  const text = Buffer.concat((await incoming.toArray()) as Buffer[]).toString();
  if (incoming.statusCode === 200) return text;
  throw new Error(`"${host ?? address}" answered with ${incoming.statusCode}`);
}
