import type { Draft } from "../core/draft.ts";
import type { Identity } from "../core/identity.ts";
import { resourcesOf } from "../core/size.ts";
import type { Container, VolumeMount } from "../kubernetes/types.ts";
import { envOf } from "./env.ts";
import type { Ports } from "./probes.ts";
import type { ContainerProps } from "./props.ts";

/** A container to be: where it stands, and what its pod gives it. */
export interface ContainerPlan {
  readonly draft: Draft;
  readonly identity: Identity;
  /** The property of the container; empty for the program itself. */
  readonly property: string;
  /** Its path in the object, for `explain()`. */
  readonly path: string;
  readonly name: string;
  readonly ports: Ports;
  readonly mounts: readonly VolumeMount[];
}

/** A container without its probes, which Pod Security *restricted* admits as it is. */
export function containerOf(plan: ContainerPlan, props: ContainerProps): Container {
  const { draft, identity, property, path, name } = plan;
  const { image, command, args } = props;
  const env = envOf(props, identity, property === "" ? undefined : name);
  const sizePath = property === "" ? "size" : `${property}.size`;
  const why = "requests let the scheduler place the pods";
  const size = draft.fill(sizePath, props.size, "small" as const, why);
  const ports = Object.entries(plan.ports).map(
    ([port, number]) => ({ name: port, containerPort: number, protocol: "TCP" }) as const,
  );
  return {
    name,
    image,
    ...draft.fill(path, undefined, { imagePullPolicy: "IfNotPresent" }, "a tag or digest names one image"),
    ...(command && { command }),
    ...(args && { args }),
    ...(ports.length > 0 && { ports }),
    ...(env.length > 0 && { env }),
    resources: resourcesOf(size),
    ...draft.fill(
      path,
      undefined,
      {
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ["ALL"] },
          readOnlyRootFilesystem: true,
        },
      },
      "Pod Security restricted, and nothing of the image can be changed",
    ),
    volumeMounts: plan.mounts,
  };
}
