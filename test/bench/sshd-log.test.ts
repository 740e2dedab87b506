import assert from "node:assert/strict";
import { loginsIn } from "../../bench/sshd-log.ts";

describe("what an sshd's log tells", () => {
  it("counts connections, those at once, and those that were dropped", () => {
    const log = [
      "Server listening on 127.0.0.1 port 2222.",
      'Connection from 127.0.0.1 port 1001 on 127.0.0.1 port 2222 rdomain ""',
      'Connection from 127.0.0.1 port 1002 on 127.0.0.1 port 2222 rdomain ""',
      "Accepted publickey for root from 127.0.0.1 port 1001 ssh2: ED25519 SHA256:abc",
      "drop connection #10 from [127.0.0.1]:1004 on [127.0.0.1]:2222 past MaxStartups",
      'Connection from 127.0.0.1 port 1003 on 127.0.0.1 port 2222 rdomain ""',
      "Accepted publickey for root from 127.0.0.1 port 1002 ssh2: ED25519 SHA256:abc",
    ];

    assert.deepEqual(loginsIn(log.join("\n")), { connections: 3, most: 2, dropped: 1 });
  });
});
