package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"duskpress/tools/pipeline"
)

// A process builds one site, once, so the second build of --verify-cache is a
// process of its own: the hidden command remake, which makes the site without a
// cache, and lists its files with their sums.

func (c *cli) remake() *cobra.Command {
	var flags buildFlags
	list := ""
	cmd := &cobra.Command{
		Use: "remake", Short: "Make the site without a cache, and list its files", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			flags.noCache, flags.list = true, list
			return c.press(cmd.Context(), &flags, false)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&list, "list", "", "file to write the list to")
	return cmd
}

// writeList writes the files of a site with their sums.
func writeList(name string, site *pipeline.Site) error {
	var b bytes.Buffer
	for _, f := range site.Files() {
		fmt.Fprintf(&b, "%s %s\n", hex.EncodeToString(f.SHA256[:]), f.Path)
	}
	return os.WriteFile(name, b.Bytes(), 0o666)
}

// buildAlone are the flags of build that say nothing of how a site is made.
var buildAlone = []string{"verify-cache", "incremental", "full", "profile"}

// verify makes the site again without the cache, and reports every file that is
// not the same. What was kept is thrown away then.
func (p *press) verify(ctx context.Context, site *pipeline.Site) error {
	p.progress.Report("verify", 0)
	dir, err := p.workDir("verify-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	list := filepath.Join(dir, "list")
	args := []string{"remake", "--list=" + list}
	p.flags.hugo.Visit(func(f *pflag.Flag) {
		switch v, isSlice := f.Value.(pflag.SliceValue); {
		case f.Name == "format" || f.Name == "source" || slices.Contains(buildAlone, f.Name):
		case isSlice:
			args = append(args, "--"+f.Name+"="+strings.Join(v.GetSlice(), ","))
		default:
			args = append(args, "--"+f.Name+"="+f.Value.String())
		}
	})
	cmd := exec.CommandContext(ctx, self, append(args, "--source="+p.source)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("making the site again without the cache: %w: %s", err, oneLine(out.String()))
	}
	want, err := readList(list)
	if err != nil {
		return err
	}
	wrong := 0
	report := func(path, what string) {
		if wrong++; wrong <= 20 {
			p.problems.Add(pipeline.Problem{Severity: pipeline.Error, Rule: "cache", Message: path + " " + what,
				Hint: "the cache was thrown away, so build again; and please report it: this is a fault of the press"})
		}
	}
	for _, f := range site.Files() {
		sum, ok := want[f.Path]
		delete(want, f.Path)
		switch {
		case !ok:
			report(f.Path, "is there with the cache alone")
		case sum != hex.EncodeToString(f.SHA256[:]):
			report(f.Path, "has other bytes with the cache than without")
		}
	}
	for path := range want {
		report(path, "is there without the cache alone")
	}
	if wrong > 0 {
		p.closeCache()
		if err := os.RemoveAll(filepath.Join(p.cacheDir(), "results")); err != nil {
			p.summary.Notes = append(p.summary.Notes, fmt.Sprintf("the cache could not be removed: %v", err))
		}
		return pipeline.ErrProblems
	}
	p.summary.Notes = append(p.summary.Notes, fmt.Sprintf("made twice, with the cache and without: all %d files are the same", len(site.Files())))
	return nil
}

func readList(name string) (map[string]string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	sums := make(map[string]string)
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		sum, path, _ := strings.Cut(lines.Text(), " ")
		sums[path] = sum
	}
	return sums, nil
}
