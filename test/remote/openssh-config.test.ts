import assert from "node:assert/strict";
import { homedir } from "node:os";
import { parseOpenSshConfig } from "../../remote/openssh-config.ts";

describe("what ssh -G prints", () => {
  it("is read with files whose paths hold tokens", () => {
    const config = parseOpenSshConfig(
      [
        "host cp1",
        "user admin",
        "hostname 10.0.0.1",
        "port 2222",
        "identitiesonly yes",
        "identityfile ~/.ssh/%n-%r",
        "identityfile /keys/100%%/%h_%p",
        "certificatefile %d/cert.pub",
        "globalknownhostsfile /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2",
        "userknownhostsfile /home/me/known",
        "hostkeyalias the-box",
        "stricthostkeychecking true",
      ].join("\n"),
      { address: "cp1" },
    );
    assert.deepEqual(config, {
      hostName: "10.0.0.1",
      user: "admin",
      port: 2222,
      identityFiles: [`${homedir()}/.ssh/cp1-admin`, "/keys/100%/10.0.0.1_2222"],
      certificateFiles: [`${homedir()}/cert.pub`],
      identitiesOnly: true,
      identityAgent: undefined,
      proxyJump: [],
      proxyCommand: undefined,
      knownHostsFiles: ["/home/me/known", "/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"],
      hostKeyAlias: "the-box",
      isStrict: true,
    });
  });

  it("tells each hop of a jump, the first one first", () => {
    assert.deepEqual(jumps("one,me@two,ssh://you@three:2222,[fe80::1]:23,me@[::1]"), [
      { address: "one" },
      { address: "two", user: "me" },
      { address: "three", user: "you", port: 2222 },
      { address: "fe80::1", port: 23 },
      { address: "::1", user: "me" },
    ]);
    assert.deepEqual(jumps("none"), []);
  });

  it("tells an agent of its own from the environment's and from none", () => {
    const agent = (line: string): string | undefined =>
      parseOpenSshConfig(line, { address: "box" }).identityAgent;
    assert.equal(agent("identityagent /run/agent"), "/run/agent");
    assert.equal(agent("identityagent SSH_AUTH_SOCK"), undefined);
    assert.equal(agent("identityagent none"), "");
    assert.equal(agent(""), undefined);
  });

  it("tells a proxy command, but not that there is none", () => {
    const command = (line: string): string | undefined =>
      parseOpenSshConfig(line, { address: "box" }).proxyCommand;
    assert.equal(command("proxycommand nc %h %p"), "nc %h %p");
    assert.equal(command("proxycommand none"), undefined);
  });
});

function jumps(text: string): unknown {
  return parseOpenSshConfig(`proxyjump ${text}`, { address: "box" }).proxyJump;
}
