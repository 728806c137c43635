package wholebuild

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"duskpress/tools/internal/sitetest"
	"duskpress/tools/internal/testenv"
)

// A guide is a page of content/guides, as a test follows it.
type guide struct {
	name   string
	blocks []guideBlock
}

type guideBlock struct {
	line                 int
	language, file, text string
}

var guideFence = regexp.MustCompile("^```([a-z]+)(?: \\{title=\"([^\"]+)\"\\})?$")

func readGuide(t *testing.T, name string) guide {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(sitetest.Root(t), "content", "guides", name+".md"))
	if err != nil {
		t.Fatal(err)
	}
	g := guide{name: name}
	var open *guideBlock
	for i, line := range strings.Split(string(data), "\n") {
		switch m := guideFence.FindStringSubmatch(line); {
		case open != nil && line == "```":
			g.blocks = append(g.blocks, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		case m != nil:
			open = &guideBlock{line: i + 1, language: m[1], file: m[2]}
		case strings.HasPrefix(line, "```"):
			t.Fatalf("%s:%d: the test does not understand this fence", name, i+1)
		}
	}
	return g
}

// sources are the files of Go that a guide wants in the press.
func (g guide) sources() map[string]string {
	list := make(map[string]string)
	for _, b := range g.blocks {
		if b.language == "go" {
			list[b.file] = b.text
		}
	}
	return list
}

// follow does what a guide says, in an empty directory: it writes the blocks
// that have a title as files, and runs the commands of the consoles, which have
// to print the lines below them, and to end as the last of these says.
func (g guide) follow(t *testing.T, tool string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		testenv.Lacks(t, testenv.System, "the commands are those of a Unix shell")
	}
	bin := t.TempDir()
	for name, file := range map[string]string{"duskpress": tool, "hugo": sitetest.Hugo(t)} {
		if err := os.Symlink(file, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	dir, n := t.TempDir(), 0
	for _, b := range g.blocks {
		if b.file != "" && b.language != "go" {
			sitetest.Write(t, filepath.Join(dir, filepath.FromSlash(b.file)), b.text)
		}
		if b.language != "console" {
			continue
		}
		for _, step := range strings.Split("\n"+b.text, "\n$ ")[1:] {
			n++
			command, shown, _ := strings.Cut(step, "\n")
			if to, ok := strings.CutPrefix(command, "cd "); ok {
				dir = filepath.Join(dir, to)
				continue
			}
			if strings.HasPrefix(command, "duskpress serve") {
				command += " --help" // it would not end
			}
			cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
			cmd.Dir, cmd.Env = dir, sitetest.Env("PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
			data, err := cmd.CombinedOutput()
			if cmd.ProcessState == nil {
				t.Fatal(err)
			}
			out, exit := string(data), cmd.ProcessState.ExitCode()
			if strings.Contains(command, " --quiet") && out != "" {
				t.Errorf("content/guides/%s.md:%d: $ %s\n%s", g.name, b.line, command, out)
			}
			good := strings.HasPrefix(command, "diff ") || exit == 0 != strings.Contains(shown, "exit=1")
			for line := range strings.Lines(shown) {
				good = good && strings.Contains(out, strings.TrimSpace(line))
			}
			if !good {
				t.Errorf("content/guides/%s.md:%d: $ %s\nexit %d\n%s\nand the guide shows\n%s", g.name, b.line, command, exit, out, shown)
			}
		}
	}
	if n == 0 {
		t.Errorf("%s has no commands", g.name)
	}
}

// TestGuides follows the guides that need nothing but the tool.
func TestGuides(t *testing.T) {
	parallel(t)
	for _, name := range []string{"authors", "theme-makers", "from-hugo"} {
		t.Run(name, func(t *testing.T) { readGuide(t, name).follow(t, sitetest.Tool(t)) })
	}
}
