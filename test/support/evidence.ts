import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommandLines } from "./command-lines.ts";
import { succeed } from "./command.ts";
import { type CommandResult, pulumiStack } from "./pulumi-cli.ts";

/** Everything in which runs of Pulumi could show a secret, as files of one folder. */
export class Evidence {
  /** Holds the files to search. */
  readonly folder: string;
  /** Of the test alone: settings and keys. */
  readonly privateFolder: string;
  readonly #directory: string;
  readonly #pulumi: ReturnType<typeof pulumiStack>;
  readonly #commandLines = new CommandLines();
  #runs = 0;

  private constructor(directory: string, project: string) {
    this.#directory = directory;
    this.folder = join(directory, "evidence");
    this.privateFolder = join(directory, "private");
    this.#pulumi = pulumiStack(project, "test");
  }

  static async open(project: string): Promise<Evidence> {
    const evidence = new Evidence(await mkdtemp(join(tmpdir(), "keelson-evidence-")), project);
    await mkdir(evidence.folder);
    await mkdir(evidence.privateFolder, { mode: 0o700 });
    succeed(await evidence.#pulumi(["stack", "init"]));
    return evidence;
  }

  /** A run of Pulumi whose output and engine events are kept. The program finds its settings in a file. */
  async run(args: readonly string[], settings: object): Promise<CommandResult> {
    this.#runs += 1;
    this.#commandLines.start();
    const name = `${String(this.#runs)}-${args[0] ?? ""}`;
    const events = join(this.folder, `events-${name}.json`);
    const env = { PULUMI_DEBUG_COMMANDS: "true", TEST_SETTINGS: await this.#write(settings) };
    const result = await this.#pulumi([...args, "--event-log", events], { env });
    await this.keep(`output-${name}.txt`, result.output);
    return result;
  }

  /** What the stack holds in the open, for the test's own eyes: it is not kept. */
  async reveal(args: readonly string[]): Promise<string> {
    return succeed(await this.#pulumi([...args, "--show-secrets"])).stdout;
  }

  async keep(name: string, content: string): Promise<void> {
    await writeFile(join(this.folder, name), content);
  }

  /** Whether the text was seen on a command line. */
  sawOnCommandLine(text: string): boolean {
    return this.#commandLines.seen.some((line) => line.includes(text));
  }

  /** Writes down the command lines that were seen so far. */
  async keepCommandLines(): Promise<void> {
    await this.keep("command-lines.txt", this.#commandLines.seen.join("\n"));
  }

  async close(): Promise<void> {
    this.#commandLines.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #write(settings: object): Promise<string> {
    const path = join(this.privateFolder, "settings.json");
    await writeFile(path, JSON.stringify(settings), { mode: 0o600 });
    return path;
  }
}
