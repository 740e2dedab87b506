// keelson-demo answers with where it runs: the cluster, the node, the pod and its version.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// version is set by the linker.
var version = "1"

type place struct {
	Service string `json:"service"`
	Version string `json:"version"`
	Cluster string `json:"cluster"`
	Node    string `json:"node"`
	Pod     string `json:"pod"`
	Message string `json:"message,omitempty"`
}

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	hostname, _ := os.Hostname()
	here := place{
		Service: env("SERVICE", "keelson-demo"),
		Version: env("VERSION", version),
		Cluster: env("CLUSTER", "unknown"),
		Node:    env("NODE_NAME", "unknown"),
		Pod:     env("POD_NAME", hostname),
		Message: os.Getenv("MESSAGE"),
	}
	if err := serve(ctx, ":"+env("PORT", "8080"), here); err != nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context, address string, here place) error {
	var leaving atomic.Bool
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if leaving.Load() {
			http.Error(w, "leaving", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) { answer(w, r, here) })
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stopped := make(chan error, 1)
	context.AfterFunc(ctx, func() {
		leaving.Store(true)
		drain, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		stopped <- server.Shutdown(drain)
	})
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	log.Printf("%s %s listens on %s", here.Service, here.Version, listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

func answer(w http.ResponseWriter, r *http.Request, here place) {
	if strings.Contains(r.Header.Get("Accept"), "text/plain") {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintf(w, "%s %s on cluster %s, node %s, pod %s\n", here.Service, here.Version, here.Cluster, here.Node, here.Pod)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(here)
}

func env(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}
