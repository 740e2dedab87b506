import { quorumOf } from "../../bootstrap/etcd/membership.ts";
import type { EtcdMember, Leaver, Membership, Seat } from "../../bootstrap/etcd/membership.ts";
import { nextStep } from "../../bootstrap/etcd/next-step.ts";
import type { EtcdStep } from "../../bootstrap/etcd/next-step.ts";

interface FakeHost {
  alive: boolean;
  /** The member whose data is on the host. */
  data: string | undefined;
  /** Whether a join was completed here. */
  isMarked: boolean;
}

interface FakeMember {
  readonly id: string;
  readonly host: string;
  isLearner: boolean;
}

/** Thrown where a schedule ends a run. */
export class Died extends Error {}

/** Hosts with etcd on them, as far as membership goes. Every change is one small step, and a run may die after any. */
export class FakeEtcd {
  readonly hosts = new Map<string, FakeHost>();
  members: FakeMember[];
  lowest = Number.POSITIVE_INFINITY;
  #ids = 0;
  /** Who votes since a join of this run, and is not marked yet. */
  #joining: string[] = [];
  #stepsLeft = Number.POSITIVE_INFINITY;

  constructor(first: string, all: readonly string[]) {
    for (const name of all) this.hosts.set(name, { alive: true, data: undefined, isMarked: false });
    const id = this.#newId();
    this.members = [{ id, host: first, isLearner: false }];
    Object.assign(this.host(first), { data: id, isMarked: true });
  }

  host(name: string): FakeHost {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`There is no host ${name}`);
    return host;
  }

  list(): readonly EtcdMember[] {
    return this.members.map(({ id, host, isLearner }) => {
      const { alive, data } = this.host(host);
      return { id, name: host, address: host, isLearner, isHealthy: !isLearner && alive && data === id };
    });
  }

  /** Installs a host anew, or cuts its power, unless the rest could not decide any more. */
  harm(name: string, how: "reinstall" | "powerOff"): void {
    const before = { ...this.host(name) };
    if (how === "powerOff") this.host(name).alive = false;
    else Object.assign(this.host(name), { alive: true, data: undefined, isMarked: false });
    if (!quorumOf(this.list()).holds) this.hosts.set(name, before);
  }

  powerOnAll(): void {
    for (const host of this.hosts.values()) host.alive = true;
  }

  membership(declared: readonly string[]): Membership {
    const strangers = [...this.hosts.keys()].filter((name) => !declared.includes(name));
    const leavers = strangers.filter(
      (name) => this.#isOccupied(name) || this.members.some(({ host }) => host === name),
    );
    return {
      members: this.list(),
      seats: declared.map((name) => this.#seat(name)),
      leavers: leavers.map(leaverOf),
    };
  }

  /** One run: step after step until nothing is left to do, or until it dies. */
  run(declared: readonly string[], steps = Number.POSITIVE_INFINITY): void {
    this.#stepsLeft = steps;
    this.#joining = [];
    for (let rounds = 0; rounds < 100; rounds += 1) {
      const step = nextStep(this.membership(declared));
      // Others join while a host that votes comes to its end; anything else waits for it.
      if (step?.kind !== "join") this.#finishJoins();
      if (step === undefined) return;
      this.#carryOut(step);
    }
    throw new Error("The steps never end");
  }

  #seat(name: string): Seat {
    const { alive, data, isMarked } = this.host(name);
    const found = data !== undefined || isMarked;
    const isDone = isMarked || this.#joining.includes(name);
    const state = isDone && data !== undefined ? "whole" : found ? "partial" : "blank";
    return { name, nodeName: name, address: name, state: alive ? state : "silent" };
  }

  /** What is on a dead host cannot be known, and not be cleaned. */
  #isOccupied(name: string): boolean {
    const { alive, data, isMarked } = this.host(name);
    return alive && (data !== undefined || isMarked);
  }

  #carryOut(step: EtcdStep): void {
    if (step.kind === "remove") this.#drop(step.member.id);
    if (step.kind === "clear") this.#clear(step.seat.name);
    if (step.kind === "join") this.#join(step.seat.name);
    if (step.kind === "leave") {
      if (step.member) this.#drop(step.member.id);
      if (this.host(step.leaver.name).alive) this.#clear(step.leaver.name);
    }
  }

  #join(name: string): void {
    const id = this.#newId();
    this.#tick(() => this.members.push({ id, host: name, isLearner: true }));
    this.#tick(() => {
      this.host(name).data = id;
    });
    this.#tick(() => {
      for (const member of this.members) if (member.id === id) member.isLearner = false;
    });
    this.#joining.push(name);
  }

  #finishJoins(): void {
    for (const name of this.#joining.splice(0))
      this.#tick(() => {
        this.host(name).isMarked = true;
      });
  }

  #clear(name: string): void {
    this.#tick(() => {
      this.host(name).isMarked = false;
    });
    this.#tick(() => {
      this.host(name).data = undefined;
    });
  }

  #drop(id: string): void {
    this.#tick(() => {
      this.members = this.members.filter((member) => member.id !== id);
    });
  }

  #tick(change: () => unknown): void {
    if (this.#stepsLeft === 0) throw new Died();
    this.#stepsLeft -= 1;
    change();
    const { healthy, needed } = quorumOf(this.list());
    this.lowest = Math.min(this.lowest, healthy - needed);
  }

  #newId(): string {
    this.#ids += 1;
    return `id${String(this.#ids)}`;
  }
}

function leaverOf(name: string): Leaver {
  return { name, nodeName: name, address: name };
}
