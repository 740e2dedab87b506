import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import type { KubeObject } from "../../../kube/object.ts";
import { ResourcePaths } from "../../../kube/resource-paths.ts";
import type { RealApiServer } from "../real-api-server.ts";

const atOnce = 8;

/** What a server said of an object. */
export interface Verdict {
  /** Empty if the object was accepted. */
  readonly refusal: string;
  readonly warnings: readonly string[];
}

/** What a server would say if each object were applied alone, strictly, in the order of the objects. It keeps none. */
export async function dryRun(
  { access, client }: Pick<RealApiServer, "access" | "client">,
  objects: readonly KubeObject[],
): Promise<readonly Verdict[]> {
  const agent = new Agent({ ca: access.certificate, keepAlive: true, maxSockets: atOnce });
  const paths = new ResourcePaths(client);
  const verdicts: Verdict[] = [];
  const waiting = objects.entries();
  const lane = async (): Promise<void> => {
    for (const [index, object] of waiting) {
      const path = await paths.of(object).catch((error: unknown) => error as Error);
      verdicts[index] =
        path instanceof Error
          ? { refusal: path.message, warnings: [] }
          : await ask(`${access.url}${path}`, object, { agent, token: access.token });
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, lane));
    return verdicts;
  } finally {
    agent.destroy();
  }
}

// The client of this library does not tell warnings, which are half of the verdict.
async function ask(
  url: string,
  object: KubeObject,
  { agent, token }: { readonly agent: Agent; readonly token: string },
): Promise<Verdict> {
  const query = "dryRun=All&fieldValidation=Strict&fieldManager=keelson-test&force=true";
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/apply-patch+yaml" };
  const outgoing = request(`${url}?${query}`, { agent, method: "PATCH", headers });
  outgoing.end(JSON.stringify(object));
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  const text = Buffer.concat((await answer.toArray()) as Buffer[]).toString();
  const isRefused = (answer.statusCode ?? 0) >= 400;
  return {
    refusal: isRefused ? (JSON.parse(text) as { readonly message: string }).message : "",
    warnings: [answer.headers["warning"] ?? []].flat().map(String),
  };
}
