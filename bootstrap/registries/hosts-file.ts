import type { Registry, RegistryAccess } from "../../clusters/settings/registries.ts";
import { paths } from "../paths.ts";
import { sha256 } from "../view.ts";
import type { WantedFile } from "../view.ts";
import { ourMark } from "./facts.ts";

/** Registries that are not where their name says. */
const servers: Readonly<Record<string, string>> = { "docker.io": "https://registry-1.docker.io" };

/** Where containerd looks for what to do about a registry. */
export function hostsFilePath(name: string): string {
  return `${paths.containerdRegistries}/${name}/hosts.toml`;
}

/** A registry's files for containerd, which reads them at every pull. The first is its `hosts.toml`. Pure. */
export function registryFiles(name: string, registry: Registry): readonly WantedFile[] {
  const { mirrors = [], ...own } = registry;
  const lines = [
    ourMark,
    ...(name === "_default" ? [] : [`server = ${quoted(servers[name] ?? `https://${name}`)}`]),
    ...accessLines(name, own, "header"),
    ...mirrors.flatMap(({ url, ...access }) => [
      "",
      `[host.${quoted(url)}]`,
      `capabilities = ["pull", "resolve"]`,
      // What has a path of its own is used as it is; else containerd asks below /v2.
      ...(/^https?:\/\/[^/]+\/./.test(url) ? ["override_path = true"] : []),
      ...accessLines(name, access, `host.${quoted(url)}.header`),
    ]),
  ];
  const authorities = [own, ...mirrors].flatMap(({ ca }) => (ca === undefined ? [] : [authority(name, ca)]));
  return [
    { path: hostsFilePath(name), content: `${lines.join("\n")}\n`, mode: 0o600 },
    ...new Map(authorities.map((file) => [file.path, file])).values(),
  ];
}

/** In TOML a table's own keys stand before those of the tables in it. */
function accessLines(name: string, { auth, ca }: RegistryAccess, table: string): readonly string[] {
  return [
    ...(ca === undefined ? [] : [`ca = ${quoted(authority(name, ca).path)}`]),
    ...(auth === undefined ? [] : [`[${table}]`, `Authorization = ${quoted(basic(auth))}`]),
  ];
}

function authority(name: string, ca: string): WantedFile {
  const path = `${paths.containerdRegistries}/${name}/keelson-${sha256(ca).slice(0, 12)}.crt`;
  return { path, content: ca.endsWith("\n") ? ca : `${ca}\n` };
}

function basic({ username, password }: NonNullable<RegistryAccess["auth"]>): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** A basic string of TOML, which JSON's are too. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
