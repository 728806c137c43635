package main

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestHelp wants of every command what --help and its manual page show: a
// sentence, and an example that begins with its name.
func TestHelp(t *testing.T) {
	root := (&cli{stdout: io.Discard, stderr: io.Discard}).root()
	root.InitDefaultHelpCmd()
	n := 0
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
		if cmd.Name() == "help" || cmd.Hidden {
			return
		}
		n++
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: its short text is %q", cmd.CommandPath(), cmd.Short)
		}
		if cmd.Example == "" {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		for line := range strings.Lines(cmd.Example) {
			// What it needs of the environment stands before it.
			line = regexp.MustCompile(`^  ([A-Z_]+=\S+ )+`).ReplaceAllString(line, "  ")
			if cmd.HasParent() && !strings.HasPrefix(line, "  "+cmd.CommandPath()) {
				t.Errorf("%s: the example %q is another command's", cmd.CommandPath(), strings.TrimSpace(line))
			}
		}
	}
	walk(root)
	if n < 18 {
		t.Errorf("%d commands", n)
	}
}

// TestProfile reads the names of what was measured out of both files: they are
// compressed, and hold their words as they are.
func TestProfile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "p")
	end, err := profile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	for file, word := range map[string]string{name: "nanoseconds", name + ".heap": "alloc_space"} {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		data, err := io.ReadAll(z)
		if err != nil || !strings.Contains(string(data), word) {
			t.Errorf("%s: %v; it lacks %q", file, err, word)
		}
		f.Close()
	}
}
