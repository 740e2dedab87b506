/**
 * For the tests of interruption: KEELSON_TEST_STOP_AT, `WorkerNode:Join the cluster` for example, kills this process
 * at that phase of that kind of resource, as a power cut would. Undefined without it.
 */
export function stopAt(type: string): ((host: string, title: string) => void) | undefined {
  const wanted = process.env["KEELSON_TEST_STOP_AT"];
  if (wanted === undefined) return undefined;
  return (_host, title) => {
    if (`${type.split(":").at(-1) ?? type}:${title}` === wanted) process.kill(process.pid, "SIGKILL");
  };
}
