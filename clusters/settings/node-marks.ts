import type { Problem } from "../../errors.ts";
import { invalid, list, object, oneOf, record, text } from "../data/shape.ts";
import type { Taint } from "../cluster.ts";

const prefix = "([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*/)?";
const name = "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";

const key = text(new RegExp(`^${prefix}${name}$`), "a key of Kubernetes, example.org/tier for example");
const value = text(new RegExp(`^(${name})?$`), "a value: A-Z, a-z, 0-9, -, _ and ., at most 63");
const labels = record(key, value);
const taints = list(object({ key, effect: oneOf("NoSchedule", "PreferNoSchedule", "NoExecute") }, { value }));

/** Keys that Kubernetes or keelson sets on Nodes, so that two would write them in turn. */
const owned =
  /^(kubernetes\.io\/(hostname|os|arch)|node\.kubernetes\.io\/(not-ready|unreachable|unschedulable|.*-pressure|network-unavailable|pid-pressure)|keelson\.dev\/(owner|host|managed))$/;

/** What is wrong with the labels of a Node. Pure. */
export function labelProblems(
  given: Readonly<Record<string, string>> = {},
  where = "labels",
): readonly Problem[] {
  return [
    ...labels.problems(given, where),
    ...Object.keys(given)
      .filter((each) => owned.test(each))
      .map((each) => invalid(`${where}.${each}`, "Kubernetes or keelson sets this label itself")),
  ];
}

/** What is wrong with the taints of a Node. Pure. */
export function taintProblems(given: readonly Taint[] = [], where = "taints"): readonly Problem[] {
  const misshapen = taints.problems(given, where);
  if (misshapen.length > 0) return misshapen;
  return given.flatMap((taint, index) => {
    const place = `${where}[${String(index)}]`;
    const isTwice = given
      .slice(0, index)
      .some((other) => other.key === taint.key && other.effect === taint.effect);
    return [
      ...(owned.test(taint.key) ? [invalid(place, `Kubernetes sets the taint "${taint.key}" itself`)] : []),
      ...(isTwice ? [invalid(place, `"${taint.key}" is there twice with effect ${taint.effect}`)] : []),
    ];
  });
}
