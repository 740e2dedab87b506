// flanneld with the two backends that a cluster of keelson uses, vxlan and host-gw, and the Kubernetes API as its store.
// Its flags are those of the official flanneld that keelson's manifests pass, so both images serve the same manifest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/flannel-io/flannel/pkg/backend"
	_ "github.com/flannel-io/flannel/pkg/backend/hostgw"
	_ "github.com/flannel-io/flannel/pkg/backend/vxlan"
	"github.com/flannel-io/flannel/pkg/ip"
	"github.com/flannel-io/flannel/pkg/ipmatch"
	"github.com/flannel-io/flannel/pkg/lease"
	"github.com/flannel-io/flannel/pkg/subnet"
	"github.com/flannel-io/flannel/pkg/subnet/kube"
	"github.com/flannel-io/flannel/pkg/trafficmngr"
	"github.com/flannel-io/flannel/pkg/trafficmngr/iptables"
	"github.com/flannel-io/flannel/pkg/trafficmngr/nftables"
	"github.com/flannel-io/flannel/pkg/version"
	log "k8s.io/klog/v2"
)

type options struct {
	iface, ifaceCanReach, publicIP, subnetFile, netConf, prefix, kubeconfig, healthz string
	ipMasq, forward                                                                  bool
	resync                                                                           int
}

func main() {
	opts := parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, cancel, opts); err != nil && !errors.Is(err, context.Canceled) {
		log.Error(err)
		os.Exit(1)
	}
}

func parse() options {
	var o options
	var health int
	var store, showVersion bool
	flag.StringVar(&o.iface, "iface", "", "name or address of the interface between hosts")
	flag.StringVar(&o.ifaceCanReach, "iface-can-reach", "", "choose the interface that leads to this address")
	flag.StringVar(&o.publicIP, "public-ip", "", "address that other nodes reach this one at")
	flag.StringVar(&o.subnetFile, "subnet-file", "/run/flannel/subnet.env", "where to write the node's subnet")
	flag.StringVar(&o.netConf, "net-config-path", "/etc/kube-flannel/net-conf.json", "the network's configuration")
	flag.StringVar(&o.prefix, "kube-annotation-prefix", "flannel.alpha.coreos.com", "prefix of the Node annotations")
	flag.StringVar(&o.kubeconfig, "kubeconfig-file", "", "default: the service account of the pod")
	flag.StringVar(&o.healthz, "healthz-ip", "127.0.0.1", "address of the health endpoint")
	flag.IntVar(&health, "healthz-port", 0, "port of the health endpoint, 0 for none")
	flag.IntVar(&o.resync, "iptables-resync", 5, "seconds between checks of the packet filter's rules")
	flag.BoolVar(&o.ipMasq, "ip-masq", false, "masquerade traffic that leaves the pod network")
	flag.BoolVar(&o.forward, "iptables-forward-rules", true, "accept forwarded pod traffic")
	flag.BoolVar(&store, "kube-subnet-mgr", true, "always on, accepted for compatibility")
	flag.BoolVar(&showVersion, "version", false, "print the version")
	log.InitFlags(nil)
	flag.Parse()
	if showVersion {
		fmt.Println(version.Version)
		os.Exit(0)
	}
	if health > 0 {
		o.healthz = fmt.Sprintf("%s:%d", o.healthz, health)
	} else {
		o.healthz = ""
	}
	return o
}

func run(ctx context.Context, cancel context.CancelFunc, o options) error {
	manager, err := kube.NewSubnetManager(ctx, "", o.kubeconfig, o.prefix, o.netConf, true)
	if err != nil {
		return fmt.Errorf("cannot reach the node's subnet: %w", err)
	}
	config, err := manager.GetNetworkConfig(ctx)
	if err != nil {
		return fmt.Errorf("cannot read the network configuration: %w", err)
	}
	external, err := lookUpInterface(ctx, manager, config, o)
	if err != nil {
		return fmt.Errorf("cannot choose an interface: %w", err)
	}
	var running sync.WaitGroup
	network, err := register(ctx, &running, manager, external, config)
	if err != nil {
		return err
	}
	if err := filterPackets(ctx, config, network.Lease(), o); err != nil {
		return err
	}
	err = manager.HandleSubnetFile(o.subnetFile, config, o.ipMasq, network.Lease().Subnet, network.Lease().IPv6Subnet, network.MTU())
	if err != nil {
		return fmt.Errorf("cannot write %q: %w", o.subnetFile, err)
	}
	if o.healthz != "" {
		go serveHealth(ctx, o.healthz)
	}
	running.Add(1)
	go func() {
		defer running.Done()
		network.Run(ctx)
	}()
	err = manager.CompleteLease(ctx, network.Lease(), &running)
	if err != nil {
		cancel()
	}
	running.Wait()
	return err
}

func lookUpInterface(ctx context.Context, manager subnet.Manager, config *subnet.Config, o options) (*backend.ExternalInterface, error) {
	stack, err := ipmatch.GetIPFamily(config.EnableIPv4, config.EnableIPv6)
	if err != nil {
		return nil, err
	}
	public := ipmatch.PublicIPOpts{PublicIP: o.publicIP}
	if stored, _ := manager.GetStoredPublicIP(ctx); stored != "" {
		public.PublicIP = stored
	}
	name := o.iface
	if name == "" && o.ifaceCanReach == "" {
		name = public.PublicIP
	}
	return ipmatch.LookupExtIface(name, "", o.ifaceCanReach, stack, public)
}

func register(ctx context.Context, running *sync.WaitGroup, manager subnet.Manager, external *backend.ExternalInterface, config *subnet.Config) (backend.Network, error) {
	chosen, err := backend.NewManager(ctx, manager, external).GetBackend(config.BackendType)
	if err != nil {
		return nil, fmt.Errorf("cannot start backend %q: %w", config.BackendType, err)
	}
	network, err := chosen.RegisterNetwork(ctx, running, config)
	if err != nil {
		return nil, fmt.Errorf("cannot register the network: %w", err)
	}
	return network, nil
}

func filterPackets(ctx context.Context, config *subnet.Config, current *lease.Lease, o options) error {
	if err := traffic(!config.EnableNFTables).CleanUp(ctx); err != nil {
		return fmt.Errorf("cannot remove old packet filter rules: %w", err)
	}
	filter := traffic(config.EnableNFTables)
	if err := filter.Init(ctx); err != nil {
		return fmt.Errorf("cannot prepare the packet filter: %w", err)
	}
	if o.ipMasq {
		none4, none6 := ip.IP4Net{}, ip.IP6Net{IP: (*ip.IP6)(big.NewInt(0))}
		err := filter.SetupAndEnsureMasqRules(ctx, config.Network, none4, none4, config.IPv6Network, none6, none6, current, o.resync, false)
		if err != nil {
			return fmt.Errorf("cannot set up masquerading: %w", err)
		}
	}
	if o.forward {
		filter.SetupAndEnsureForwardRules(ctx, config.Network, config.IPv6Network, o.resync)
	}
	return nil
}

func traffic(useNFTables bool) trafficmngr.TrafficManager {
	if useNFTables {
		return &nftables.NFTablesManager{}
	}
	return &iptables.IPTablesManager{}
}

func serveHealth(ctx context.Context, address string) {
	server := &http.Server{
		Addr:              address,
		ReadHeaderTimeout: 5 * time.Second,
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }),
	}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Error(err)
	}
}
