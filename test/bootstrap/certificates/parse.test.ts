import assert from "node:assert/strict";
import { parseCertificates } from "../../../bootstrap/facts/certificates.ts";
import { readSections } from "../../../bootstrap/facts/sections.ts";
import { createIdentity } from "../../../bootstrap/identity.ts";
import { paths } from "../../../bootstrap/paths.ts";

describe("parseCertificates", () => {
  it("reads a certificate of which a line begins with a slash, as base64 may", async () => {
    let certificate = "";
    while (!/^\//m.test(certificate)) certificate = (await createIdentity("edge")).ca.certificate;
    const front = `${paths.pki}/front-proxy-client.crt`;
    const text = `\u001ecertificates\n${paths.apiCertificate}\n${certificate}${front}\n${certificate}\u001eend\n`;

    const found = parseCertificates(readSections(text)).ends;

    assert.deepEqual(Object.keys(found), [paths.apiCertificate, front]);
    for (const end of Object.values(found)) assert.match(end, /^20\d\d-/);
  });
});
