import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { errorOf, listingOf } from "../../../delivery/store/s3-answers.ts";
import { s3Blobs } from "../../../delivery/store/s3-blobs.ts";
import type { Blobs } from "../../../delivery/store/blobs.ts";

type Respond = (request: IncomingMessage, response: ServerResponse) => void;

// What a real server does is in test/e2e/release-store.test.ts.
describe("Blobs in a bucket", () => {
  let server: Server;
  let requests: IncomingMessage[];
  let respond: Respond;
  let blobs: Blobs;

  beforeEach(async () => {
    requests = [];
    server = createServer((request, response) => {
      requests.push(request);
      request.resume().once("end", () => {
        respond(request, response);
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    blobs = s3Blobs({
      name: "bucket",
      prefix: "team/a",
      region: "eu-central-1",
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      accessKeyId: "id",
      secretAccessKey: "very secret key",
      sessionToken: "session",
    });
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it("signs requests for its region, with the digest of the content", async () => {
    respond = (_, response) => response.end();

    await blobs.write("name", Buffer.from("text"));

    const { headers, url, method } = requests[0]!;
    assert.deepEqual([method, url], ["PUT", "/bucket/team/a/name"]);
    assert.match(headers.authorization ?? "", /Credential=id\/\d{8}\/eu-central-1\/s3\/aws4_request/);
    assert.match(headers.authorization ?? "", /SignedHeaders=[a-z0-9;-]*x-amz-content-sha256/);
    assert.equal(headers["x-amz-security-token"], "session");
    assert.equal(
      headers["x-amz-content-sha256"],
      "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1",
    );
    assert.doesNotMatch(JSON.stringify(headers), /very secret/);
  });

  for (const status of [500, 503, 429]) {
    it(`asks again after ${status}`, async () => {
      respond = (_, response) => response.writeHead(requests.length < 3 ? status : 200).end("text");

      assert.equal(String(await blobs.read("name")), "text");
      assert.equal(requests.length, 3);
    });
  }

  it("asks again after a connection that broke off", async () => {
    respond = (request, response) => {
      if (requests.length < 2) request.socket.destroy();
      else response.end("text");
    };

    assert.equal(String(await blobs.read("name")), "text");
  });

  it("says at once what the server refuses, and where", async () => {
    const body = "<Error><Code>AccessDenied</Code><Message>No &amp; never</Message></Error>";
    respond = (_, response) => response.writeHead(403).end(body);

    await assert.rejects(blobs.read("name"), {
      code: "KEELSON_STORE_UNAVAILABLE",
      message: 'Cannot read "s3://bucket/team/a: name": AccessDenied: No & never',
    });
    assert.equal(requests.length, 1);
  });

  it("does not take a bucket that is not there for an empty one", async () => {
    respond = (_, response) => response.writeHead(404).end("<Error><Code>NoSuchBucket</Code></Error>");

    await assert.rejects(blobs.read("name"), { message: /NoSuchBucket/ });
    await assert.rejects(blobs.list(""), { message: /NoSuchBucket/ });
  });

  for (const [title, status, body] of [
    ["something else answers", 200, "<html></html>"],
    ["the answer is cut off", 200, ""],
    ["there is no answer to give", 404, ""],
  ] as const) {
    it(`does not take it for an empty list when ${title}`, async () => {
      respond = (_, response) => response.writeHead(status).end(body);

      await assert.rejects(blobs.list(""), { code: "KEELSON_STORE_UNAVAILABLE", message: /no list of S3/ });
    });
  }

  it("lists page by page", async () => {
    const item = (key: string): string =>
      `<Contents><Key>${key}</Key><LastModified>2026-11-21T10:00:00.000Z</LastModified></Contents>`;
    const page = (items: string, rest: string): string =>
      `<ListBucketResult>${items}${rest}</ListBucketResult>`;
    const more = "<IsTruncated>true</IsTruncated><NextContinuationToken>a+b=</NextContinuationToken>";
    respond = (_, response) =>
      response.end(requests.length === 1 ? page(item("team/a/one"), more) : page(item("team/a/two"), ""));

    const listed = await blobs.list("");

    assert.deepEqual(
      listed.map(({ name }) => name),
      ["one", "two"],
    );
    const query = new URL(requests[1]?.url ?? "", "http://host").searchParams;
    assert.equal(query.get("continuation-token"), "a+b=");
    assert.equal(query.get("prefix"), "team/a/");
  });

  it("ends with the signal while it waits", async () => {
    const controller = new AbortController();
    respond = () => {
      controller.abort();
    };

    await assert.rejects(blobs.read("name", { signal: controller.signal }), { code: "KEELSON_ABORTED" });
  });
});

describe("Answers of S3", () => {
  it("are read with their entities, in whatever order of elements", () => {
    const xml = `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>false</IsTruncated>
      <Contents><LastModified>2026-11-21T10:00:00Z</LastModified><Size>1</Size><Key>a&amp;b&#x2F;c</Key></Contents></ListBucketResult>`;

    assert.deepEqual(listingOf(xml), {
      blobs: [{ name: "a&b/c", writtenAt: new Date("2026-11-21T10:00:00Z") }],
      next: undefined,
    });
  });

  it("name an error by its code and text, or by its status", () => {
    assert.deepEqual(errorOf("<Error><Code>SlowDown</Code><Message>later</Message></Error>", 503), {
      code: "SlowDown",
      text: "SlowDown: later",
    });
    assert.deepEqual(errorOf("", 502), { code: "", text: "HTTP status 502" });
  });
});
