import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { listMembers, parseMembers, removeMember } from "../../../bootstrap/etcd/etcdctl.ts";
import { execute } from "../../../toolchain/execute.ts";
import { FakeRunner } from "../../support/fake-runner.ts";
import { type StandIns, standIns } from "../../support/stand-ins.ts";

const output = `confirmed
628170c800dbcee, started, cp1, https://10.0.0.11:2380, https://10.0.0.11:2379, false
d4853723fb2c971b, started, cp2, https://10.0.0.12:2380, https://10.0.0.12:2379, false
4853723fb2c971b4, unstarted, , https://[fd00::13]:2380, , true
[{"endpoint":"https://10.0.0.11:2379","health":true,"took":"1ms"},{"endpoint":"https://10.0.0.12:2379","health":false,"took":"4s"}]
`;

describe("etcdctl on a control-plane host", () => {
  it("reads members, learners and health, with ids that no number could hold", () => {
    assert.deepEqual(parseMembers(output), {
      isConfirmed: true,
      members: [
        { id: "628170c800dbcee", name: "cp1", address: "10.0.0.11", isLearner: false, isHealthy: true },
        { id: "d4853723fb2c971b", name: "cp2", address: "10.0.0.12", isLearner: false, isHealthy: false },
        { id: "4853723fb2c971b4", name: "", address: "fd00::13", isLearner: true, isHealthy: false },
      ],
    });
  });

  it("tells a list that a quorum confirmed from one that a single member remembers", () => {
    assert.equal(parseMembers(output.replace("confirmed", "remembered"))?.isConfirmed, false);
  });

  it("counts those that answer as long as there is no quorum to serve", () => {
    const statuses = '[{"Endpoint":"https://10.0.0.12:2379","Status":{"leader":0}}]';
    const list = parseMembers(output.replace("confirmed", "remembered").replace(/^\[\{.*/m, statuses));

    const answering = list?.members.filter(({ isHealthy }) => isHealthy).map(({ name }) => name);
    assert.deepEqual(answering, ["cp2"]);
  });

  it("knows nothing of a host whose etcd does not answer", async () => {
    const runner = new FakeRunner("cp1", [["sh -s", { exitCode: 1 }]]);

    assert.equal(await listMembers(runner), undefined);
  });

  it("removes a member by its id and asks whether it is gone, without a secret in the script", async () => {
    const runner = new FakeRunner("cp1", [["sh -s", ""]]);

    await removeMember(runner, "4853723fb2c971b4");

    const stdin = runner.ran[0]?.stdin ?? "";
    assert.match(stdin, /etcd member remove 4853723fb2c971b4/);
    assert.match(stdin, /the member is still listed/);
    assert.doesNotMatch(stdin, /PRIVATE KEY/);
  });

  describe("that removes a member", () => {
    let programs: StandIns;

    afterEach(async () => {
      await programs.remove();
    });

    /** Runs the script with an etcdctl that refuses the first removals with these words. */
    async function run(
      refusals: number,
      words: string,
    ): Promise<{ code: number; tail: string; asked: string }> {
      programs = await standIns({
        etcdctl: `here=$(dirname "$0")
case "$*" in
*"member list"*) [ -e $here/gone ] || echo "4853723fb2c971b4, started, cp2, , , false" ;;
*"member remove"*) echo x >>$here/asked
  if [ $(wc -l <$here/asked) -le ${String(refusals)} ]; then echo "Error: ${words}" >&2; exit 1; fi
  touch $here/gone ;;
esac`,
        sleep: "",
      });
      const runner = new FakeRunner("cp1", [["sh -s", ""]]);
      await removeMember(runner, "4853723fb2c971b4");
      const script = (runner.ran[0]?.stdin ?? "").replaceAll("/usr/local/bin/", `${programs.path}/`);
      const env = { ...process.env, PATH: `${programs.path}:${process.env["PATH"] ?? ""}` };
      const { code, tail } = await execute("sh", ["-c", script], { env });
      return { code, tail, asked: await readFile(join(programs.path, "asked"), "utf8") };
    }

    it("waits while members have been connected for too short a time", async () => {
      const { code, tail, asked } = await run(3, "etcdserver: unhealthy cluster");

      assert.equal(code, 0, tail);
      assert.equal(asked, "x\n".repeat(4));
    });

    it("gives up with etcd's words when that does not end", async () => {
      const { code, tail, asked } = await run(99, "etcdserver: unhealthy cluster");

      assert.notEqual(code, 0);
      assert.match(tail, /unhealthy cluster/);
      assert.equal(asked, "x\n".repeat(20));
    });

    it("gives up at once when etcd has another reason", async () => {
      const { code, tail, asked } = await run(1, "etcdserver: not enough started members");

      assert.notEqual(code, 0);
      assert.match(tail, /not enough started members/);
      assert.equal(asked, "x\n");
    });
  });
});
