import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localRunner } from "../../remote/local-runner.ts";
import { Masker } from "../../remote/mask.ts";
import { SshPool } from "../../remote/pool.ts";
import {
  contractRules,
  contractSecret,
  dialContract,
  runnerContract,
  shellRunnerContract,
} from "../contracts/runner.ts";
import type { Subject } from "../contracts/runner.ts";
import { FakeRunner } from "../support/fake-runner.ts";
import { makeKey, startSshServer } from "../support/ssh-server.ts";

describe("the fake runner", () => {
  runnerContract(() =>
    Promise.resolve({
      runner: new FakeRunner("fake", contractRules, knowing()),
      folder: "/folder",
      end: () => Promise.resolve(),
    }),
  );
});

describe("the local runner", () => {
  runnerContract(localSubject);
  shellRunnerContract(localSubject);
  dialContract(localSubject);
});

describe("the SSH runner", () => {
  runnerContract(sshSubject);
  shellRunnerContract(sshSubject);
  dialContract(sshSubject);
});

async function localSubject(): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), "keelson-runner-"));
  return {
    runner: localRunner({ masker: knowing() }),
    folder,
    end: () => rm(folder, { recursive: true }),
  };
}

async function sshSubject(): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), "keelson-runner-"));
  const key = makeKey();
  const server = await startSshServer({ authorized: [key.publicKey] });
  const pool = new SshPool({ masker: knowing() });
  return {
    runner: pool.get("box", { address: "127.0.0.1", port: server.port, privateKey: key.privateKey }),
    folder,
    end: async () => {
      await pool.close();
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}

function knowing(): Masker {
  const masker = new Masker();
  masker.add(contractSecret);
  return masker;
}
