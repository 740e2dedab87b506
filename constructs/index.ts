export type { Access, AddressRange, AppReference, Peer, RemoteApp } from "./core/access.ts";
export type { FilledDefault } from "./core/draft.ts";
export {
  describeFindings,
  type Exception,
  type ExcusableCode,
  type Finding,
  type FindingCode,
} from "./core/finding.ts";
export { explain, findingsOf } from "./core/findings.ts";
export type { MergePatch } from "./core/patch.ts";
export type { Size, SizeName } from "./core/size.ts";
export {
  isLate,
  type Late,
  type LateSource,
  lateDigest,
  lateMark,
  lateResolverMark,
  lateValue,
} from "./late.ts";
export type { Check, Health, NodePort, WebServicePatch, WebServiceProps } from "./web-service/props.ts";
export { WebService } from "./web-service/web-service.ts";
export type { PodSecurityLevel, Profile, StorageIntent } from "../clusters/profile.ts";
