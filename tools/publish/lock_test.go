package publish

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func child(b bench, mode string, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "DUSKPRESS_PUBLISH_CHILD="+mode, "DUSKPRESS_SOURCE="+b.source, "DUSKPRESS_DEST="+b.dest)
	cmd.Env = append(cmd.Env, env...)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestLocked(t *testing.T) {
	b := newBench(t)
	hold := child(b, "hold")
	in, _ := hold.StdinPipe()
	out, _ := hold.StdoutPipe()
	if err := hold.Start(); err != nil {
		t.Fatal(err)
	}
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "open\n" {
		t.Fatalf("child says %q", line)
	}

	start := time.Now()
	_, err := Open(t.Context(), b.options())
	le := new(LockedError)
	if !errors.As(err, &le) {
		t.Fatalf("got %v", err)
	}
	if le.PID != hold.Process.Pid || le.Holder != "child" || time.Since(le.Since) > time.Minute {
		t.Errorf("got %+v", le)
	}
	if want := fmt.Sprintf("pid %d (child) since ", hold.Process.Pid); !strings.Contains(err.Error(), want) || le.Hint == "" {
		t.Errorf("%q does not say %q, or has no hint", err, want)
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("it took %v to refuse", d)
	}
	// And from a second process.
	if out, err := child(b, "hold").Output(); err == nil || !strings.Contains(string(out), fmt.Sprint("pid ", hold.Process.Pid)) {
		t.Errorf("second child: %v, %s", err, out)
	}

	// A killed holder holds nothing, though its name is still in the file.
	if err := hold.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = hold.Wait()
	in.Close()
	if !exists(filepath.Join(b.work(), lockName)) {
		t.Error("the killed holder left no lock file: the test is void")
	}
	b.publish(t, site{"x": "x"})
}

// TestLockRace lets many holders come and go: never two at once, although each
// removes the lock file and its directory.
func TestLockRace(t *testing.T) {
	work := filepath.Join(t.TempDir(), ".public.duskpress")
	var inside, got, refused atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				l, err := acquire(work, "race")
				if le := new(LockedError); errors.As(err, &le) {
					refused.Add(1)
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if inside.Add(1) != 1 {
					t.Error("two holders at once")
				}
				if err := os.Mkdir(filepath.Join(work, newName), 0o755); err != nil {
					t.Error(err)
				}
				if err := os.Remove(filepath.Join(work, newName)); err != nil {
					t.Error(err)
				}
				got.Add(1)
				inside.Add(-1)
				if err := l.release(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d held, %d refused", got.Load(), refused.Load())
	if exists(work) {
		t.Error("the directory is still there")
	}
}

// TestLockReplaced: between opening and locking the file its holder leaves, and
// the next one makes a new file.
func TestLockReplaced(t *testing.T) {
	work := filepath.Join(t.TempDir(), ".public.duskpress")
	first, err := acquire(work, "first")
	if err != nil {
		t.Fatal(err)
	}
	var second *lock
	saved := seam
	defer func() { seam = saved }()
	seam.lockOpened = func() {
		seam = saved
		if err := first.release(); err != nil {
			t.Error(err)
		}
		if second, err = acquire(work, "second"); err != nil {
			t.Error(err)
		}
	}
	l, err := acquire(work, "third")
	le := new(LockedError)
	if !errors.As(err, &le) || le.Holder != "second" {
		t.Errorf("two holders at once: %v, %v", l, err)
	}
	if err := second.release(); err != nil {
		t.Error(err)
	}
}
