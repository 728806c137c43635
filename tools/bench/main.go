// Command bench measures builds against hugo --minify of the same version, on
// the same site, in turn, so that both meet the same machine.
//
// What enters: the size and kind of a corpus, which it writes below a directory
// of its own, and the two programs, which it compiles. What leaves: a table and,
// if asked, JSON: medians, their ratios, processor time, peak memory. It is no
// test and judges nothing.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	corpus    corpus
	dir       string
	runs      int
	scenarios string
	duskpress string
	hugo      string
	json      string
	eleventy  string
	only      bool
	serving   bool
	pause     time.Duration
	flags     []string // of ours
}

func run(ctx context.Context) error {
	var o options
	flag.IntVar(&o.corpus.Posts, "posts", 1000, "posts of the corpus")
	flag.IntVar(&o.corpus.Bytes, "bytes", 8000, "size of a post")
	flag.Float64Var(&o.corpus.Code, "code", 0.4, "share of a post that is code, 0 to 1")
	flag.IntVar(&o.corpus.Tags, "tags", 60, "tags of the corpus; a post has three")
	flag.IntVar(&o.corpus.Images, "images", 0, "posts that are bundles with a picture")
	flag.BoolVar(&o.corpus.Cards, "cards", false, "with the repository's theme: a drawn picture for links to each post")
	flag.Int64Var(&o.corpus.Seed, "seed", 1, "seed of the corpus: the same seed, the same bytes")
	flag.StringVar(&o.corpus.Theme, "theme", "duskpress", "templates: duskpress, the repository's own theme, or plain, a few lines with a pager")
	flag.StringVar(&o.dir, "dir", filepath.Join(os.TempDir(), "duskpress-bench"), "directory to work in; what a run before left there is replaced")
	flag.IntVar(&o.runs, "runs", 5, "rounds; the table shows medians")
	flag.StringVar(&o.scenarios, "scenarios", strings.Join(scenarioNames(), ","), "what is measured, in this order")
	flag.StringVar(&o.duskpress, "duskpress", "", "the tool, compiled (default: go build ./tools)")
	flag.StringVar(&o.hugo, "hugo", "", "Hugo's command (default: the one that go.mod names as a tool)")
	flag.StringVar(&o.json, "json", "", "file for all figures as JSON; - is standard output, in place of the table")
	flag.StringVar(&o.eleventy, "eleventy", "", "also run this command line in the corpus, such as \"npx @11ty/eleventy --quiet\"")
	flag.BoolVar(&o.only, "corpus", false, "write the corpus and stop")
	flag.BoolVar(&o.serving, "serve", false, "measure serve against hugo server --disableFastRender instead: from a write to the page that shows it")
	flag.DurationVar(&o.pause, "pause", 2*time.Second, "with -serve: how long nothing is written after the site is whole again")
	flag.BoolFunc("incremental", "build ours with --incremental", func(string) error { o.flags = append(o.flags, "--incremental"); return nil })
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if o.runs < 1 || o.corpus.Posts < 1 || o.corpus.Code < 0 || o.corpus.Code > 1 {
		return errors.New("nothing can be measured with these flags")
	}
	var chosen []scenario
	for name := range strings.SplitSeq(o.scenarios, ",") {
		i := slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == name })
		if i < 0 {
			return fmt.Errorf("no scenario %q: they are %s", name, strings.Join(scenarioNames(), ", "))
		}
		chosen = append(chosen, scenarios[i])
	}
	if err := o.compile(ctx); err != nil {
		return err
	}
	m := &meter{options: o, environment: environment()}
	for _, c := range m.contestants() {
		if err := o.corpus.write(c.dir); err != nil {
			return err
		}
	}
	if o.only {
		fmt.Println(m.contestants()[0].dir)
		return nil
	}
	if o.serving {
		return o.measureServe(ctx, m.environment)
	}
	if err := m.measure(ctx, chosen); err != nil {
		return err
	}
	if o.json != "" {
		data, err := json.MarshalIndent(m.report(chosen), "", "  ")
		if err != nil {
			return err
		}
		data = append(data, '\n')
		if o.json == "-" {
			_, err = os.Stdout.Write(data)
			return err
		}
		if err := os.WriteFile(o.json, data, 0o666); err != nil {
			return err
		}
	}
	m.table(os.Stdout, chosen)
	return nil
}

// compile makes the two programs, unless they were named.
func (o *options) compile(ctx context.Context) error {
	if err := os.MkdirAll(o.dir, 0o777); err != nil {
		return err
	}
	for _, p := range []struct {
		path *string
		name string
		pkg  string
	}{{&o.duskpress, "duskpress", "duskpress/tools"}, {&o.hugo, "hugo", "github.com/gohugoio/hugo"}} {
		if *p.path != "" {
			abs, err := filepath.Abs(*p.path)
			if err != nil {
				return err
			}
			*p.path = abs
			continue
		}
		*p.path = filepath.Join(o.dir, p.name)
		if runtime.GOOS == "windows" {
			*p.path += ".exe"
		}
		cmd := exec.CommandContext(ctx, "go", "build", "-o", *p.path, p.pkg)
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("compiling %s: %w", p.pkg, err)
		}
	}
	return nil
}

// environment is that of the measured programs: what would change the site or
// move caches is left out.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "HUGO") || strings.HasPrefix(v, "DUSKPRESS_")
	})
}
