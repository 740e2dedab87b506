import type { Answer, Seen } from "./api-server.ts";

interface StoredLease {
  readonly metadata: { readonly resourceVersion: string; readonly uid: string };
}

/** The one lease of an API server, with the server's rules: versions must match, and what is there is not made again. */
export class FakeLease {
  stored: (StoredLease & Record<string, unknown>) | undefined;
  #version = 0;

  readonly answer = ({ method, body }: Seen): Answer => {
    if (method === "POST") return this.stored === undefined ? this.write(body) : { status: 409 };
    if (this.stored === undefined) return { status: 404, body: { reason: "NotFound" } };
    if (method === "PUT") return this.#isNewest(metadataOf(body)) ? this.write(body) : { status: 409 };
    if (method === "DELETE") {
      const { preconditions } = body as { preconditions: { resourceVersion: string } };
      if (!this.#isNewest(preconditions)) return { status: 409 };
      this.stored = undefined;
      return {};
    }
    return { body: this.stored };
  };

  /** What another run would write. */
  write(body: unknown): Answer {
    this.#version += 1;
    const metadata = { ...metadataOf(body), resourceVersion: String(this.#version), uid: "u1" };
    this.stored = { ...(body as object), metadata };
    return { body: this.stored };
  }

  #isNewest({ resourceVersion }: { readonly resourceVersion?: string }): boolean {
    return resourceVersion === this.stored?.metadata.resourceVersion;
  }
}

function metadataOf(body: unknown): { readonly resourceVersion?: string } {
  return (body as { metadata: object }).metadata;
}
