const folder = "/proc/sys/";

/** Where the kernel shows a setting. */
export function sysctlPath(name: string): string {
  return `${folder}${name.replaceAll(".", "/")}`;
}

/** The setting that the kernel shows at a path. */
export function sysctlName(path: string): string {
  return path.slice(folder.length).replaceAll("/", ".");
}
