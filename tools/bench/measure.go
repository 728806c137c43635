package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A contestant is one program with its own copy of the corpus.
type contestant struct {
	name string
	dir  string
	args []string
	// state is what it leaves behind, below dir: removed before a cold run.
	state []string
}

type meter struct {
	options
	environment []string
	results     map[string]map[string][]result // by scenario and contestant
}

// A result is one run of one program.
type result struct {
	Wall   time.Duration `json:"wall_ns"`
	CPU    time.Duration `json:"cpu_ns"`
	Memory int64         `json:"peak_bytes"`
}

func (m *meter) contestants() []contestant {
	list := []contestant{
		{"hugo", filepath.Join(m.dir, "hugo-site"), []string{m.hugo, "--minify", "--quiet"}, []string{"public", "resources", ".cache"}},
		{"duskpress", filepath.Join(m.dir, "duskpress-site"), append([]string{m.duskpress, "build", "--quiet"}, m.flags...), []string{"public", ".duskpress", ".public.duskpress"}},
	}
	if m.eleventy != "" {
		list = append(list, contestant{"eleventy", filepath.Join(m.dir, "eleventy-site"), strings.Fields(m.eleventy), []string{"_site", ".cache"}})
	}
	return list
}

// A scenario is what happens to a site before it is built again.
type scenario struct {
	name  string
	about string
	edit  func(c *corpus, dir string, round int) error
	cold  bool
}

var scenarios = []scenario{
	{"cold", "nothing there: no cache, no public/", nil, true},
	{"same", "nothing changed", nil, false},
	{"body", "one post's body edited", (*corpus).editBody, false},
	{"line", "a line added at the end of a body", (*corpus).addLine, false},
	{"add", "one post added", (*corpus).addPost, false},
	{"tag", "one tag changed", (*corpus).editTag, false},
	{"template", "one template changed", (*corpus).editTemplate, false},
	{"config", "one configuration key changed", (*corpus).editConfig, false},
}

func scenarioNames() []string {
	var names []string
	for _, s := range scenarios {
		names = append(names, s.name)
	}
	return names
}

// measure runs every scenario in every round, the programs in turn; who begins
// changes from round to round.
func (m *meter) measure(ctx context.Context, chosen []scenario) error {
	m.results = make(map[string]map[string][]result)
	list := m.contestants()
	for _, s := range chosen {
		m.results[s.name] = make(map[string][]result)
	}
	if !chosen[0].cold { // the others need something to come after
		for _, c := range list {
			if _, err := m.once(ctx, c); err != nil {
				return err
			}
		}
	}
	for round := range m.runs {
		for _, s := range chosen {
			order := slices.Clone(list)
			if round%2 == 1 {
				slices.Reverse(order)
			}
			for _, c := range order {
				if s.cold {
					for _, name := range c.state {
						if err := os.RemoveAll(filepath.Join(c.dir, name)); err != nil {
							return err
						}
					}
				}
				if s.edit != nil {
					if err := s.edit(&m.corpus, c.dir, round); err != nil {
						return err
					}
				}
				r, err := m.once(ctx, c)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", s.name, c.name, err)
				}
				fmt.Fprintf(os.Stderr, "%d/%d %-9s %-10s %7.2fs  cpu %7.2fs  %5d MB\n", round+1, m.runs, s.name, c.name, r.Wall.Seconds(), r.CPU.Seconds(), r.Memory>>20)
				m.results[s.name][c.name] = append(m.results[s.name][c.name], r)
			}
		}
	}
	return nil
}

// once runs a program to its end.
func (m *meter) once(ctx context.Context, c contestant) (result, error) {
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Dir, cmd.Env = c.dir, append(slices.Clone(m.environment), "HUGO_CACHEDIR="+filepath.Join(c.dir, ".cache"))
	if c.name == "duskpress" {
		cmd.Env = m.environment
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	err := cmd.Run()
	r := result{Wall: time.Since(start)}
	if err != nil {
		return r, fmt.Errorf("%w\n%s", err, out.Bytes()[max(0, out.Len()-3000):])
	}
	r.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	r.Memory = peakMemory(cmd.ProcessState)
	return r, nil
}

// output counts what was published.
func output(dir string) (files int, bytes int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			files, bytes = files+1, bytes+info.Size()
		}
		return nil
	})
	return files, bytes
}
