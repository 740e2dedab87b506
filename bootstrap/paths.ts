/** Where things are on a host. Everything that keelson makes is named here, so that a reset can take it away. */
export const paths = {
  owner: "/etc/keelson/owner.json",
  initialized: "/etc/keelson/initialized",
  patches: "/etc/keelson/patches",
  kubeletPatch: "/etc/keelson/patches/kubeletconfiguration+strategic.yaml",
  /** Applied after the host's own patch. */
  kubeletSettings: "/etc/keelson/patches/kubeletconfiguration1+merge.yaml",
  balancerConfig: "/etc/keelson/balancer.cfg",
  balancerUnit: "/etc/systemd/system/keelson-balancer.service",
  vipConfig: "/etc/keelson/vip.conf",
  vipCheck: "/etc/keelson/vip-check",
  vipUnit: "/etc/systemd/system/keelson-vip.service",
  initConfig: "/etc/keelson/kubeadm-init.yaml",
  /** Names that the program once wanted in the API server's certificate, one a line. */
  certSans: "/etc/keelson/cert-sans",
  /** One empty file for each hook that has yet to run, by its name. */
  dueHooks: "/etc/keelson/due-hooks",
  /** Paths of the program's own files, one a line. */
  ownedFiles: "/etc/keelson/owned-files",
  /** The former configuration of what was changed and is not known to work yet: `kubelet.yaml`, a component's manifest. */
  kept: "/etc/keelson/kept",
  /** Lives in memory: files that hold a token are written here. */
  run: "/run/keelson",
  lock: "/run/keelson/lock",
  joinConfig: "/run/keelson/kubeadm-join.yaml",
  discovery: "/run/keelson/discovery.conf",
  state: "/var/lib/keelson",
  /** Checksums of large files with what `stat` says of them, so that looking need not read them again. */
  sums: "/var/lib/keelson/sums",
  /** One file per image archive that was imported completely, named by its SHA-256. */
  importedArchives: "/var/lib/keelson/images",
  downloads: "/var/lib/keelson/downloads",
  binaries: "/usr/local/bin",
  cniPlugins: "/opt/cni/bin",
  cniConfig: "/etc/cni/net.d",
  sysctls: "/etc/sysctl.d/90-keelson.conf",
  modules: "/etc/modules-load.d/keelson.conf",
  fstab: "/etc/fstab",
  /** Units that were masked so that swap stays off, one a line. */
  maskedUnits: "/etc/keelson/masked-units",
  /** A script that takes back what was opened in the host's firewall. */
  firewallUndo: "/etc/keelson/firewall-undo",
  /** Variables with the proxies; may hold a password. */
  proxy: "/etc/keelson/proxy.env",
  needrestart: "/etc/needrestart/conf.d/keelson.conf",
  containerdConfig: "/etc/containerd/config.toml",
  containerdDropIns: "/etc/containerd/conf.d",
  containerdRegistries: "/etc/containerd/certs.d",
  containerdUnit: "/etc/systemd/system/containerd.service",
  containerdSocket: "unix:///run/containerd/containerd.sock",
  kubeletUnit: "/etc/systemd/system/kubelet.service",
  kubeletDropIn: "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf",
  kubernetes: "/etc/kubernetes",
  pki: "/etc/kubernetes/pki",
  apiCertificate: "/etc/kubernetes/pki/apiserver.crt",
  superAdminConf: "/etc/kubernetes/super-admin.conf",
  adminConf: "/etc/kubernetes/admin.conf",
  controllerManagerConf: "/etc/kubernetes/controller-manager.conf",
  schedulerConf: "/etc/kubernetes/scheduler.conf",
  kubeletConf: "/etc/kubernetes/kubelet.conf",
  bootstrapKubeletConf: "/etc/kubernetes/bootstrap-kubelet.conf",
  manifests: "/etc/kubernetes/manifests",
  etcdData: "/var/lib/etcd",
  kubelet: "/var/lib/kubelet",
  /** The kubelet's own certificate and key; a link to the newest. */
  kubeletCertificate: "/var/lib/kubelet/pki/kubelet-client-current.pem",
  kubeletConfig: "/var/lib/kubelet/config.yaml",
} as const;
