import { writeFileSync } from "node:fs";

/**
 * For the tests of interruption: at the phase that KEELSON_TEST_STOP_AT names, `WorkerNode:join` for example, this
 * process writes its pid to KEELSON_TEST_STOP_FILE and stands still until it is killed. Undefined without both.
 */
export function stopAt(type: string): ((host: string, title: string) => void) | undefined {
  const { KEELSON_TEST_STOP_AT: wanted, KEELSON_TEST_STOP_FILE: file } = process.env;
  if (!wanted || !file) return undefined;
  return (_host, title) => {
    if (`${type.split(":").at(-1) ?? type}:${title}` !== wanted) return;
    writeFileSync(file, `${process.pid}\n`);
    // Nothing else of this process may go on, either.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  };
}
