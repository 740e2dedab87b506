// keelson-example plays every part of the examples. It answers with its name and with the answers of what it uses,
// which it finds in its environment: a variable such as CART_URL names the program "cart".
//
//	RUN=serve   answers requests (the default)
//	RUN=once    leaves an entry with what it uses, trying for half a minute, and ends
//	RUN=loop    leaves one every second, until it is told to end
//
// Entries are lines. A program with a DATA folder keeps them; any other one passes them on to what it uses.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// version is set by the linker.
var version = "1"

const (
	longestEntry = 4096
	tries        = 30
)

type answer struct {
	Name    string         `json:"name"`
	Version string         `json:"version"`
	Pod     string         `json:"pod"`
	Message string         `json:"message,omitempty"`
	Uses    map[string]any `json:"uses,omitempty"`
}

// used is another program, by the name that this one knows it under.
type used struct{ name, url string }

type program struct {
	answer
	uses     []used
	data     string
	lock     sync.Mutex
	client   http.Client
	requests atomic.Int64
	leaving  atomic.Bool
}

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	pod, _ := os.Hostname()
	name := env("NAME", pod)
	p := &program{
		answer: answer{Name: name, Version: version, Pod: pod, Message: os.Getenv("MESSAGE")},
		uses:   findUsed(os.Environ()),
		data:   os.Getenv("DATA"),
		client: http.Client{Timeout: 3 * time.Second},
	}
	if err := p.run(ctx, env("RUN", "serve")); err != nil {
		log.Fatal(err)
	}
}

func (p *program) run(ctx context.Context, how string) error {
	switch how {
	case "serve":
		return p.serve(ctx, ":"+env("PORT", "8080"))
	case "once":
		var err error
		for range tries {
			if err = p.leaveEntry(ctx); err == nil || ctx.Err() != nil {
				break
			}
			rest(ctx)
		}
		return err
	case "loop":
		for ctx.Err() == nil {
			if err := p.leaveEntry(ctx); err != nil {
				log.Print(err)
			}
			rest(ctx)
		}
		return nil
	}
	return fmt.Errorf("cannot run %q: it is none of serve, once and loop", how)
}

func (p *program) serve(ctx context.Context, address string) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if p.leaving.Load() {
			http.Error(w, "leaving", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "# TYPE example_requests_total counter\nexample_requests_total %d\n", p.requests.Load())
	})
	mux.HandleFunc("GET /entries", p.readEntries)
	mux.HandleFunc("POST /entries", p.addEntry)
	mux.HandleFunc("GET /{$}", p.answerAll)
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stopped := make(chan error, 1)
	context.AfterFunc(ctx, func() {
		p.leaving.Store(true)
		drain, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		stopped <- server.Shutdown(drain)
	})
	log.Printf("%s %s listens on %s", p.Name, p.Version, address)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// answerAll asks everything that is used at once, so that the answer is a tree of all programs below this one.
func (p *program) answerAll(w http.ResponseWriter, r *http.Request) {
	p.requests.Add(1)
	found := p.answer
	found.Uses = map[string]any{}
	var wait sync.WaitGroup
	var lock sync.Mutex
	for _, each := range p.uses {
		wait.Add(1)
		go func() {
			defer wait.Done()
			said := p.ask(r.Context(), each)
			lock.Lock()
			defer lock.Unlock()
			found.Uses[each.name] = said
		}()
	}
	wait.Wait()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(found)
}

func (p *program) ask(ctx context.Context, each used) any {
	text, err := p.send(ctx, http.MethodGet, each.url+"/", nil)
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	var said any
	if json.Unmarshal(text, &said) != nil {
		return map[string]string{"error": "the answer is not JSON"}
	}
	return said
}

func (p *program) readEntries(w http.ResponseWriter, r *http.Request) {
	text, err := p.entries(r.Context(), nil)
	reply(w, text, err)
}

func (p *program) addEntry(w http.ResponseWriter, r *http.Request) {
	line, err := io.ReadAll(io.LimitReader(r.Body, longestEntry))
	if err == nil {
		line, err = p.entries(r.Context(), []byte(strings.TrimSpace(string(line))+"\n"))
	}
	reply(w, line, err)
}

// entries adds a line if there is one, and gives all lines.
func (p *program) entries(ctx context.Context, line []byte) ([]byte, error) {
	if p.data == "" {
		if len(p.uses) == 0 {
			return nil, errors.New("nobody keeps entries")
		}
		method := http.MethodGet
		if line != nil {
			method = http.MethodPost
		}
		return p.send(ctx, method, p.uses[0].url+"/entries", line)
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	path := filepath.Join(p.data, "entries")
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = file.Write(line)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

func (p *program) leaveEntry(ctx context.Context) error {
	line := fmt.Sprintf("%s by %s", p.Name, p.Pod)
	if len(p.uses) == 0 {
		log.Print(line)
		return nil
	}
	_, err := p.entries(ctx, []byte(line+"\n"))
	return err
}

func (p *program) send(ctx context.Context, method, url string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s", url, response.Status)
	}
	return text, err
}

func rest(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
}

func reply(w http.ResponseWriter, text []byte, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	_, _ = w.Write(text)
}

// findUsed reads the variables that name programs, sorted by name.
func findUsed(environment []string) []used {
	var found []used
	for _, variable := range environment {
		name, url, _ := strings.Cut(variable, "=")
		if short, is := strings.CutSuffix(name, "_URL"); is && strings.HasPrefix(url, "http") {
			name := strings.ReplaceAll(strings.ToLower(short), "_", "-")
			found = append(found, used{name, strings.TrimSuffix(url, "/")})
		}
	}
	sort.Slice(found, func(a, b int) bool { return found[a].name < found[b].name })
	return found
}

func env(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}
