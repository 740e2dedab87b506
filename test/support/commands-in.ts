import { packageManagers } from "../../bootstrap/packages/managers.ts";

/** The commands that a script of a package manager brings, by the packages that it installs. */
export function commandsIn(script: string): readonly string[] {
  const names = (/ install (?:-\S+ )*([^\n;]+)/.exec(script)?.[1] ?? "").split(" ");
  const all = Object.values(packageManagers).flatMap(({ packageOf }) => Object.entries(packageOf));
  const known = all.filter(([, name]) => names.includes(name));
  const parsers = names.some((name) => /^apparmor/.test(name)) ? ["apparmor_parser"] : [];
  return [...known.map(([command]) => command), ...parsers, ...names];
}
