/**
 * How YAML for Kubernetes' programs is written and read: they know version 1.1, in which `yes`, `on` or `1:30` without
 * quotes is no text.
 */
export const kubernetesYaml = { version: "1.1" } as const;
