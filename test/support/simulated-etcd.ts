interface Member {
  readonly id: string;
  readonly name: string;
  isLearner: boolean;
}

/** What its hosts know of etcd. */
interface Surroundings {
  readonly addressOf: (name: string) => string;
  readonly isDead: (name: string) => boolean;
  /** Whether an alarm is raised since there is no room. */
  readonly isFull: boolean;
}

/** The etcd of simulated hosts: who is a member, and whose data are on which host. */
export class SimulatedEtcd {
  /** `kubeadm-config` of the cluster that it stores: what `kubeadm init` was told, for whoever joins. */
  config = "";
  #members: Member[] = [];
  /** Of which member the data on a host are. */
  readonly #data = new Map<string, string>();
  #ids = 0;
  /** Who waits for a vote. */
  readonly #awaiting: { readonly name: string; readonly go: () => void }[] = [];

  get members(): readonly Readonly<Member>[] {
    return this.#members;
  }

  /** kubeadm init starts etcd: with the data that are there, or as the only member. */
  begin(name: string): void {
    if (this.#data.has(name)) return;
    this.#members = [{ id: this.#newId(), name, isLearner: false }];
    this.hold(name);
  }

  add(name: string): void {
    this.#members.push({ id: this.#newId(), name, isLearner: true });
  }

  /** The newest member of that name writes its data. */
  hold(name: string): void {
    const member = this.#members.findLast((each) => each.name === name);
    if (member) this.#data.set(name, member.id);
  }

  promote(name: string): void {
    const member = this.#members.findLast((each) => each.name === name);
    if (member) member.isLearner = false;
    for (const { name: awaited, go } of this.#awaiting) if (awaited === name) go();
  }

  /** Resolves, with the output of whoever waits, when the host votes. */
  async untilVotes(name: string): Promise<string> {
    if (!this.#members.some((member) => member.name === name && this.isHealthy(member)))
      await new Promise<void>((go) => this.#awaiting.push({ name, go }));
    return "";
  }

  /** The data on a host are gone. */
  lose(name: string): void {
    this.#data.delete(name);
  }

  isHealthy({ id, name, isLearner }: Readonly<Member>): boolean {
    return !isLearner && this.#data.get(name) === id;
  }

  /** What etcdctl would print. */
  answer(script: string, { addressOf, isDead, isFull }: Surroundings): string {
    const [, removed] = /etcd member remove (\S+)/.exec(script) ?? [];
    if (removed !== undefined) {
      this.#members = this.#members.filter(({ id }) => id !== removed);
      return "";
    }
    const lines = this.#members.map(({ id, name, isLearner }) => {
      const url = `https://${addressOf(name)}`;
      const hasStarted = this.#data.get(name) === id;
      return hasStarted
        ? `${id}, started, ${name}, ${url}:2380, ${url}:2379, ${String(isLearner)}`
        : `${id}, unstarted, , ${url}:2380, , ${String(isLearner)}`;
    });
    const voters = this.#members
      .filter(({ isLearner }) => !isLearner)
      .map((member) => ({
        endpoint: `https://${addressOf(member.name)}:2379`,
        lives: this.isHealthy(member) && !isDead(member.name),
      }));
    const living = voters.filter(({ lives }) => lives);
    if (living.length * 2 <= voters.length) {
      const statuses = living.map(({ endpoint }) => ({ Endpoint: endpoint, Status: {} }));
      return ["remembered", ...lines, JSON.stringify(statuses)].join("\n");
    }
    const health = voters.map(({ endpoint, lives }) => ({
      endpoint,
      health: !isFull && lives,
      ...(isFull && { error: "Active Alarm(s): NOSPACE NOSPACE" }),
    }));
    return ["confirmed", ...lines, JSON.stringify(health)].join("\n");
  }

  #newId(): string {
    this.#ids += 1;
    return `id${String(this.#ids)}`;
  }
}
