/** What an sshd saw of its clients, as it tells at LogLevel VERBOSE. */
export interface LoginsSeen {
  readonly connections: number;
  /** The most connections that had not logged in yet. */
  readonly most: number;
  /** Connections that it dropped because too many had not logged in (MaxStartups). */
  readonly dropped: number;
}

/** Counts the logins in the log of an sshd. */
export function loginsIn(log: string): LoginsSeen {
  const waiting = new Set<string>();
  let [connections, most, dropped] = [0, 0, 0];
  for (const line of log.split("\n")) {
    const came = /^Connection from \S+ port (\d+) /.exec(line)?.[1];
    const left = /^Accepted \S+ for \S+ from \S+ port (\d+) /.exec(line)?.[1];
    if (line.includes("past MaxStartups")) dropped += 1;
    if (came !== undefined) {
      connections += 1;
      waiting.add(came);
    }
    if (left !== undefined) waiting.delete(left);
    most = Math.max(most, waiting.size);
  }
  return { connections, most, dropped };
}
