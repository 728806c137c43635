package wholebuild

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"duskpress/tools/internal/sitetest"
)

func TestMain(m *testing.M) { os.Exit(clean(m)) }

func clean(m *testing.M) int {
	defer sitetest.Clean()
	return m.Run()
}

// count is how often something is tried.
func count(usual, heavy int) int {
	if os.Getenv("DUSKPRESS_HEAVY") != "" {
		return heavy
	}
	return usual
}

// places limits the builds that run at once, whatever -parallel says.
var places = make(chan struct{}, 2)

func parallel(t *testing.T) {
	t.Parallel()
	places <- struct{}{}
	t.Cleanup(func() { <-places })
}

// limit is when a build is taken to hang. A good one takes a second or two, and
// ten where it draws all its pictures; on a busy machine ten times that.
const limit = 6 * time.Minute

// A proc is a command in a directory of its own.
type proc struct {
	cmd   *exec.Cmd
	out   output
	start time.Time
	done  chan struct{}
	limit time.Duration
	took  time.Duration
	hung  atomic.Bool
}

// output is what a process has said so far.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(data []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(data)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// start starts a command. At its limit it is asked for its goroutines, and
// three seconds later it is killed.
func start(t testing.TB, limit time.Duration, dir string, env []string, name string, args ...string) *proc {
	t.Helper()
	p := &proc{cmd: exec.Command(name, args...), limit: limit, done: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = dir, sitetest.Env(env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	p.start = time.Now()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	quit := time.AfterFunc(limit, func() { p.hung.Store(true); _ = p.cmd.Process.Signal(syscall.SIGQUIT) })
	kill := time.AfterFunc(limit+3*time.Second, func() { _ = p.cmd.Process.Kill() })
	go func() {
		_ = p.cmd.Wait()
		p.took = time.Since(p.start)
		quit.Stop()
		kill.Stop()
		close(p.done)
	}()
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); <-p.done })
	return p
}

// wait returns the exit code, which is -1 for a process that a signal ended.
func (p *proc) wait(t testing.TB) int {
	t.Helper()
	<-p.done
	if p.hung.Load() {
		t.Errorf("%s hung: no end within %v\n%s", strings.Join(p.cmd.Args, " "), p.limit, tail(p.out.String(), 12000))
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *proc) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// run runs a command that must exit with the code.
func run(t testing.TB, exit int, dir string, env []string, name string, args ...string) *proc {
	t.Helper()
	p := start(t, limit, dir, env, name, args...)
	if got := p.wait(t); got != exit {
		t.Fatalf("%s in %s: exit %d, want %d\n%s", strings.Join(p.cmd.Args, " "), dir, got, exit, tail(p.out.String(), 4000))
	}
	return p
}

// press runs the tool's build, which must succeed.
func press(t testing.TB, dir string, env []string, args ...string) *proc {
	t.Helper()
	return run(t, 0, dir, env, sitetest.Tool(t), append([]string{"build"}, args...)...)
}

func tail(s string, n int) string {
	if len(s) > n {
		return "..." + s[len(s)-n:]
	}
	return s
}

// published reads a published site, its receipt included; a directory that is
// not there has no files.
func published(t testing.TB, dir string) map[string]string {
	t.Helper()
	if !exists(dir) {
		return nil
	}
	tree := sitetest.Tree(t, dir)
	if data, err := os.ReadFile(filepath.Join(dir, sitetest.Receipt)); err == nil {
		tree[sitetest.Receipt] = string(data)
	}
	return tree
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

func names(tree map[string]string) []string { return slices.Sorted(maps.Keys(tree)) }

// differ says where two trees differ, the first few places in full; it is
// empty for equal trees.
func differ(want, got map[string]string) string {
	var b strings.Builder
	shown := 0
	all := maps.Clone(want)
	if all == nil {
		all = make(map[string]string)
	}
	maps.Copy(all, got)
	for _, name := range names(all) {
		w, inWant := want[name]
		g, inGot := got[name]
		switch {
		case inWant && inGot && w == g:
			continue
		case !inGot:
			fmt.Fprintf(&b, "missing: %s\n", name)
		case !inWant:
			fmt.Fprintf(&b, "not wanted: %s\n", name)
		default:
			fmt.Fprintf(&b, "differs: %s (want %d bytes, got %d)\n", name, len(w), len(g))
			if shown < 4 {
				at := 0
				for at < min(len(w), len(g)) && w[at] == g[at] {
					at++
				}
				fmt.Fprintf(&b, "  from byte %d\n  want %.160q\n  got  %.160q\n", at, w[max(0, at-30):], g[max(0, at-30):])
			}
			shown++
		}
	}
	return tail(b.String(), 8000)
}

// restore makes a directory what it was when tree was read, but for the times
// of files that had been changed; it returns what had been added or changed.
func restore(t testing.TB, dir string, tree map[string]string) (added []string) {
	t.Helper()
	for name, data := range read(t, dir) {
		if old, ok := tree[name]; ok && old == data {
			continue
		}
		added = append(added, name)
		file := filepath.Join(dir, filepath.FromSlash(name))
		if old, ok := tree[name]; ok {
			sitetest.Write(t, file, old)
		} else if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range tree {
		if file := filepath.Join(dir, filepath.FromSlash(name)); !exists(file) {
			added = append(added, name+" (removed)")
			sitetest.Write(t, file, data)
		}
	}
	slices.Sort(added)
	// A directory that a build left empty goes too.
	var dirs []string
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != dir {
			dirs = append(dirs, path)
		}
		return nil
	})
	slices.Reverse(dirs)
	for _, d := range dirs {
		_ = os.Remove(d) // fails for those that are not empty
	}
	return added
}

// read is every file below dir, whatever it is called.
func read(t testing.TB, dir string) map[string]string {
	t.Helper()
	tree := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		tree[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func rename(t testing.TB, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// reader keeps reading a file of a site until stop is called, which returns the
// first read that went wrong.
func reader(file string) (stop func() (reads int, err error)) {
	end, done := make(chan struct{}), make(chan struct{})
	var reads int
	var bad error
	go func() {
		defer close(done)
		for {
			select {
			case <-end:
				return
			default:
			}
			f, err := os.Open(file)
			if err == nil {
				_, err = io.Copy(io.Discard, f)
				f.Close()
			}
			if err != nil && bad == nil {
				bad = err
			}
			reads++
			time.Sleep(300 * time.Microsecond)
		}
	}()
	return func() (int, error) { close(end); <-done; return reads, bad }
}
