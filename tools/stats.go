package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cast"
	"github.com/spf13/cobra"

	"duskpress/tools/external"
	"duskpress/tools/hugo"
	"duskpress/tools/pipeline"
	"duskpress/tools/report"
	"duskpress/tools/stats"
)

type statsFlags struct {
	buildFlags
	build bool
	most  int
}

func (c *cli) statsCommand() *cobra.Command {
	var flags statsFlags
	cmd := &cobra.Command{
		Use:   "stats",
		Short: "Count words, posts by year, tags and their neighbours, outside links, large files and slow pages",
		Long: "Count words, posts by year, tags and their neighbours, outside links, large files and slow pages.\n\n" +
			"Links are as `check --external` found them, files those of the published site. With --build the site is made as by check, and pages are timed. " +
			"With --format json everything is one object.",
		Example: "  duskpress stats\n" +
			"  duskpress stats --build --most 5\n" +
			"  duskpress stats --format json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.runStats(cmd.Context(), &flags) },
	}
	flags.add(cmd)
	cmd.Flags().BoolVar(&flags.build, "build", false, "make the site too, and time its pages; public/ is left alone")
	cmd.Flags().IntVar(&flags.most, "most", 10, "entries of a list")
	_ = cmd.RegisterFlagCompletionFunc("most", cobra.NoFileCompletions)
	return cmd
}

func (c *cli) runStats(ctx context.Context, flags *statsFlags) error {
	if flags.most < 1 {
		return c.fail(fmt.Sprintf("--most %d shows nothing", flags.most), "it is 1 or more")
	}
	p := c.quietly(&flags.buildFlags)
	o := stats.Options{Most: flags.most}
	engine, err := p.counted(ctx, flags, &o)
	if engine != nil {
		defer engine.Close()
	}
	if err != nil {
		return p.finish(ctx, err)
	}
	settings := engine.Settings()
	o.Now, o.Public = settings.Now, engine.PublishDir()
	if o.Main, _ = settings.Section("mainSections").([]string); len(o.Main) == 0 {
		o.Main = []string{"posts", "post", "blog"}
	}
	o.Cache, o.Fresh = new(external.Cache), 7*24*time.Hour
	if days := pluginOption(settings, "external", "max-age"); days != "" {
		o.Fresh = time.Duration(cast.ToInt64(days)) * 24 * time.Hour
	}
	if err := o.Cache.Load(filepath.Join(c.cacheDir(), "external.jsonl")); err != nil {
		return c.machine(err)
	}
	site, err := stats.Count(o)
	if err != nil {
		return c.machine(err)
	}
	if report.Format(c.format) == report.JSON {
		line, err := json.Marshal(struct {
			Command string `json:"command"`
			Exit    int    `json:"exit"`
			*stats.Site
		}{c.command, exitDone, site})
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "%s\n", line)
		return nil
	}
	if err := site.WriteText(c.stdout); err != nil {
		return err
	}
	var missing []string
	if site.Links.Asked == 0 {
		missing = append(missing, "outside links: run `check --external`")
	}
	if len(site.Large) == 0 {
		missing = append(missing, "large files: run `build`")
	}
	if !flags.build {
		missing = append(missing, "slow pages: add --build")
	}
	var notes []string
	if len(missing) > 0 {
		notes = append(notes, "not known are "+strings.Join(missing, "; "))
	}
	c.done("done", notes...)
	return nil
}

// counted reads the content or, if that is asked, makes the whole site, with
// whatever faults it has.
func (p *press) counted(ctx context.Context, flags *statsFlags, o *stats.Options) (engine *hugo.Engine, err error) {
	if !flags.build {
		engine, o.Collection, err = p.collection(ctx)
		return engine, err
	}
	engine, pl, err := p.load(ctx)
	if err != nil {
		return engine, err
	}
	dir, err := p.workDir("stats-")
	if err != nil {
		return engine, err
	}
	defer os.RemoveAll(dir)
	engine.KeepTimes()
	site, err := p.make(ctx, pl, engine, pipeline.NewDirStore(dir))
	if site == nil || site.Collection == nil || err != nil && !errors.Is(err, pipeline.ErrProblems) {
		return engine, err
	}
	o.Collection, o.Times = site.Collection, engine.Times()
	return engine, nil
}
