package wholebuild

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"duskpress/tools/internal/sitetest"
)

// A terminal is a command that runs on one, as its user sees it.
type terminal struct {
	t      *testing.T
	cmd    *exec.Cmd
	master *os.File
	closed chan struct{} // when the command has let go of it

	mu  sync.Mutex
	out []byte
}

// onTerminal starts a command for which the terminal is all: its input, its
// output, and what Ctrl-C is typed on.
func onTerminal(t *testing.T, dir string, env []string, name string, args ...string) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	term := &terminal{t: t, master: master, closed: make(chan struct{}), cmd: exec.Command(name, args...)}
	term.cmd.Dir, term.cmd.Env = dir, sitetest.Env(env...)
	term.cmd.Stdin, term.cmd.Stdout, term.cmd.Stderr = slave, slave, slave
	term.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := term.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = term.cmd.Process.Kill() }) // it may have ended
	go func() {
		defer close(term.closed)
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			term.mu.Lock()
			term.out = append(term.out, buf[:n]...)
			term.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return term
}

func (term *terminal) text() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return string(term.out)
}

// until waits for words on the terminal.
func (term *terminal) until(want string) {
	term.t.Helper()
	re := regexp.MustCompile(want)
	for end := time.Now().Add(2 * limit); !re.MatchString(term.text()); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			term.t.Fatalf("the terminal never shows %s:\n%q", want, term.text())
		}
	}
}

func (term *terminal) types(keys string) {
	term.t.Helper()
	if _, err := term.master.WriteString(keys); err != nil {
		term.t.Fatal(err)
	}
}

// end waits for the command and returns its exit code.
func (term *terminal) end() int {
	term.t.Helper()
	select {
	case <-term.closed:
	case <-time.After(2 * limit):
		term.t.Fatalf("it does not end:\n%q", term.text())
	}
	_ = term.cmd.Wait() // the code says it
	return term.cmd.ProcessState.ExitCode()
}

// shown is what stands on a terminal in the end: a line that was taken back does
// not.
func shown(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return regexp.MustCompile("(?m)^.*\r\x1b\\[K").ReplaceAllString(text, "")
}

// TestTerminal looks at the commands as somebody at a terminal does.
func TestTerminal(t *testing.T) {
	parallel(t)
	tool := sitetest.Tool(t)
	dir := t.TempDir()
	sitetest.CopyRepoSite(t, dir)
	post := filepath.Join(dir, "content", "posts", "wrong.md")
	const wrong = "+++\ntitle = \"Wrong\"\ndate = 2026-11-01\ndescription = \"Words.\"\ntags = [\"queues\"]\n+++\n\n[gone](gone.md)\n"

	t.Run("progress", func(t *testing.T) {
		term := onTerminal(t, dir, nil, tool, "build")
		if exit := term.end(); exit != 0 {
			t.Fatalf("exit %d\n%s", exit, term.text())
		}
		// Pictures are made, so that it takes long enough to say so.
		if !strings.Contains(term.text(), "\r\x1b[Krender") {
			t.Errorf("no progress is shown:\n%q", term.text())
		}
		if text := shown(term.text()); strings.ContainsAny(text, "\r\x1b") || !strings.HasSuffix(text, "\nbuild: published to public/, exit=0\n") || strings.Count(text, "\n") != 2 {
			t.Errorf("in the end it stands there:\n%q", text)
		}
	})

	t.Run("colours", func(t *testing.T) {
		sitetest.Write(t, post, wrong)
		for _, c := range []struct {
			args    []string
			env     []string
			colours bool
		}{
			{nil, nil, true},
			{[]string{"--no-color"}, nil, false},
			{nil, []string{"NO_COLOR=1"}, false},
		} {
			term := onTerminal(t, dir, c.env, tool, append([]string{"check"}, c.args...)...)
			if exit := term.end(); exit != 1 {
				t.Errorf("exit %d", exit)
			}
			text := shown(term.text())
			if !strings.Contains(text, "content/posts/wrong.md:8:8") || strings.Contains(text, "\x1b[") != c.colours {
				t.Errorf("%q %q: colours: want %t:\n%q", c.args, c.env, c.colours, text)
			}
		}
	})

	t.Run("serve", func(t *testing.T) {
		term := onTerminal(t, dir, []string{"NO_COLOR=1"}, tool, "serve", "--port", "0")
		term.until(`content/posts/wrong.md:8:8: error`)
		term.until(`nothing could be built; waiting for a change`)
		sitetest.Write(t, post, strings.Replace(wrong, "gone.md", "idempotency-keys.md", 1))
		term.until(`content/posts/wrong.md has changed`)
		term.until(`serving http://127.0.0.1:\d+/; Ctrl-C ends it`)
		term.types("\x03")
		if exit := term.end(); exit != 0 || !strings.HasSuffix(term.text(), "serve: ended, exit=0\r\n") {
			t.Errorf("Ctrl-C: exit %d\n%q", exit, term.text())
		}
	})

	t.Run("prompt", func(t *testing.T) {
		sitetest.Write(t, filepath.Join(dir, "old", "note.md"), "# An old note\n\nIts words.\n")
		for _, c := range []struct {
			answer  string
			written bool
		}{{"\n", false}, {"n\n", false}, {"y\n", true}} {
			term := onTerminal(t, dir, nil, tool, "import", "old", "--to", "old")
			term.until(`Write 1 file\? \[y/N\] `)
			term.types(c.answer)
			if exit := term.end(); exit != 0 {
				t.Errorf("%q: exit %d", c.answer, exit)
			}
			if _, err := os.Stat(filepath.Join(dir, "content", "old", "note.md")); (err == nil) != c.written {
				t.Errorf("%q: written: want %t\n%q", c.answer, c.written, term.text())
			}
		}
	})

	t.Run("editor", func(t *testing.T) {
		// The editor has the terminal: what is typed there reaches it.
		editor := filepath.Join(t.TempDir(), "editor")
		sitetest.Write(t, editor, "#!/bin/sh\nprintf 'editing %s\\n' \"$1\"\nread line\nprintf '%s\\n' \"$line\" >> \"$1\"\n")
		if err := os.Chmod(editor, 0o755); err != nil {
			t.Fatal(err)
		}
		term := onTerminal(t, dir, []string{"VISUAL=", "EDITOR=" + editor}, tool, "new", "post", "Typed by hand", "--edit")
		term.until(`editing .*typed-by-hand\.md`)
		term.types("These words.\n")
		exit := term.end()
		data, err := os.ReadFile(filepath.Join(dir, "content", "posts", "typed-by-hand.md"))
		if exit != 0 || err != nil || !strings.HasSuffix(string(data), "These words.\n") {
			t.Errorf("exit %d, %v\n%s\n%q", exit, err, data, term.text())
		}
	})
}
