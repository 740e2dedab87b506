import type { Runner } from "../../remote/runner.ts";

/** What a host holds and runs, a line for each thing, so that a difference names what was touched. */
export async function fingerprint(runner: Runner): Promise<readonly string[]> {
  const { stdout } = await runner.run("sh -s", { stdin: script });
  return stdout.trimEnd().split("\n");
}

/** Files that a quiet host, or a login to it, changes by itself. */
const noise = ["/var/lib/systemd/*", "/var/lib/sudo/*", "/var/lib/private/*"];

/** What a login, and this script, bring with them. */
const passing = "sshd|sh|bash|ps|sort|find|sha256sum|sudo|cat|grep|xargs|systemctl|sftp-server|\\(sd-pam\\)";

const script = `
export LC_ALL=C
files() { find /etc /usr/local /var/lib /opt ${noise.map((path) => `-not -path '${path}'`).join(" ")} "$@"; }
files -printf 'path %p %y %m %u %T@ %l\\n' | sort
files -type f -print0 | sort -z | xargs -0 sha256sum
systemctl list-units --all --plain --no-legend --type=service,socket,mount,slice | grep -vE '^(ssh@|session|user|systemd-(tmpfiles|hostnamed|timedated))' | grep -oE '^[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+' | sort
ps -eo comm= | grep -vxE '${passing}' | sort
sort /proc/self/mounts
ip -o address show scope global | sort
ip route show
cat /proc/swaps
sort /proc/modules | grep -oE '^[^ ]+'
for f in net/ipv4/ip_forward fs/inotify/max_user_instances; do echo "$f $(cat /proc/sys/$f)"; done
`;
