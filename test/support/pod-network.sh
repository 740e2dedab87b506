# Proves a pod network from the control-plane host: one pod on each node, a service, a policy that denies and goes.
export KUBECONFIG=/etc/kubernetes/admin.conf
image=$(kubectl -n kube-system get ds canal -o jsonpath='{.spec.template.spec.containers[0].image}')
set -- $(kubectl get nodes -o jsonpath='{.items[*].metadata.name}')
kubectl create namespace net >/dev/null
for node in "$1" "$2"; do
  kubectl apply -f - >/dev/null <<END
apiVersion: v1
kind: Pod
metadata: {name: $node, namespace: net, labels: {app: web, node: $node}}
spec:
  nodeName: $node
  terminationGracePeriodSeconds: 0
  containers:
  - name: web
    image: $image
    command: [/bin/sh, -c, "mkdir /tmp/w; echo $node >/tmp/w/index.html; exec busybox httpd -f -p 8080 -h /tmp/w"]
END
done
kubectl -n net apply -f - >/dev/null <<END
apiVersion: v1
kind: Service
metadata: {name: web, namespace: net}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
END
kubectl -n net wait --for=condition=Ready pod --all --timeout=90s >/dev/null
own=$(kubectl -n net get pod "$1" -o jsonpath='{.status.podIP}')
other=$(kubectl -n net get pod "$2" -o jsonpath='{.status.podIP}')
service=$(kubectl -n net get service web -o jsonpath='{.spec.clusterIP}')
for each in /run/netns/cni-*; do
  nsenter --net="$each" ip -o address show | grep -qF " $own/" && space=$each
done
# The pods' own image may have no HTTP client that works: bash speaks from inside the pod's network.
get() {
  timeout 5 nsenter --net="$space" bash -c "exec 3<>/dev/tcp/$1/$2 && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && tail -n 1 <&3" 2>/dev/null
}
# Looks again for a while: rules reach the nodes some time after the API.
eventually() { for _ in $(seq 30); do "$@" && return; sleep 1; done; return 1; }
say() { if [ "$2" = 0 ]; then echo "$1: ok"; else echo "$1: failed"; fi; }

is_other() { [ "$(get "$other" 8080)" = "$node2" ]; }
is_denied() { [ -z "$(get "$other" 8080)" ]; }
is_served() { [ -n "$(get "$service" 80)" ]; }
is_named() { kubectl -n net exec "$1" -- busybox nslookup web.net.svc.cluster.local | grep -qF "$service"; }
node2=$2
eventually is_other
say "between nodes" $?
eventually is_named "$1"
say name $?
eventually is_served
say service $?
kubectl apply -f - >/dev/null <<END
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: net}
spec: {podSelector: {matchLabels: {node: $2}}, policyTypes: [Ingress]}
END
eventually is_denied
say denied $?
kubectl -n net delete networkpolicy deny >/dev/null
eventually is_other
say restored $?
kubectl delete namespace net --wait=false >/dev/null
