package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"duskpress/tools/explain"
	"duskpress/tools/hugo"
	"duskpress/tools/pipeline"
	"duskpress/tools/report"
)

func (c *cli) explain() *cobra.Command {
	var flags buildFlags
	cmd := &cobra.Command{
		Use:   "explain PATH|URL...",
		Short: "Say of a source file, an output file or an address what made it, what links to it, or why it is not published",
		Long: "Say of a source file, an output file or an address what made it, what links to it, or why it is not published.\n\n" +
			"The site is made as by check; public/ is left alone. With --format json the answers are one object.",
		Example: "  duskpress explain content/posts/first.md\n" +
			"  duskpress explain /posts/first/ theme/layouts/page.html\n" +
			"  duskpress explain https://example.org/index.xml",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.runExplain(cmd.Context(), &flags, args)
		},
	}
	flags.add(cmd)
	return cmd
}

func (c *cli) runExplain(ctx context.Context, flags *buildFlags, asked []string) error {
	p := c.newPress(flags, false)
	p.account = true
	p.progress.Report("load", 0)
	site, closeSite, err := p.explainable(ctx)
	defer closeSite()
	p.progress.Done()
	if err != nil {
		return p.finish(ctx, err)
	}
	workDir, err := os.Getwd()
	if err != nil {
		return p.finish(ctx, err)
	}
	var answers []*explain.Answer
	var unknown []*explain.Unknown
	for _, a := range asked {
		answer, err := site.Explain(a, workDir)
		var u *explain.Unknown
		switch {
		case errors.As(err, &u):
			unknown = append(unknown, u)
			if report.Format(c.format) != report.JSON {
				fmt.Fprint(c.stdout, u.Text())
			}
		case err != nil:
			return p.finish(ctx, err)
		default:
			answers = append(answers, answer)
			if report.Format(c.format) != report.JSON {
				fmt.Fprint(c.stdout, answer.Text())
			}
		}
	}
	return c.endExplain(answers, unknown)
}

// endExplain says the exit code: 1 where a question was about nothing.
func (c *cli) endExplain(answers []*explain.Answer, unknown []*explain.Unknown) error {
	exit := exitDone
	if len(unknown) > 0 {
		exit = exitProblems
	}
	switch {
	case report.Format(c.format) == report.JSON:
		type missing struct {
			Asked  string   `json:"asked"`
			Reason string   `json:"reason"`
			Near   []string `json:"near"`
		}
		out := struct {
			Command string            `json:"command"`
			Exit    int               `json:"exit"`
			Answers []*explain.Answer `json:"answers"`
			Unknown []missing         `json:"unknown"`
		}{c.command, exit, answers, []missing{}}
		if answers == nil {
			out.Answers = []*explain.Answer{}
		}
		for _, u := range unknown {
			out.Unknown = append(out.Unknown, missing{u.Asked, u.Reason, append([]string{}, u.Near...)})
		}
		line, err := json.Marshal(out)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "%s\n", line)
	case exit != exitDone:
		fmt.Fprintf(c.stdout, "explain: %d of %d not found, exit=%d\n", len(unknown), len(unknown)+len(answers), exit)
	case !c.quiet:
		fmt.Fprintf(c.stdout, "explain: done, exit=%d\n", exit)
	}
	if exit == exitDone {
		return nil
	}
	return exitCode(exit)
}

// explainable makes the site, as far as its errors let it, and leaves it open
// to questions. What it returns has to be called at the end, error or not.
func (p *press) explainable(ctx context.Context) (*explain.Site, func(), error) {
	var engine *hugo.Engine
	var dir string
	end := func() {
		if dir != "" {
			os.RemoveAll(dir)
		}
		if engine != nil {
			engine.Close()
		}
	}
	engine, pl, err := p.load(ctx)
	if err != nil {
		return nil, end, err
	}
	if dir, err = p.workDir("explain-"); err != nil {
		return nil, end, err
	}
	stage := ""
	pl.Progress = func(at string, done int) {
		if done == 0 {
			stage = at
		}
		p.progress.Report(at, done)
	}
	p.openCache(pl)
	defer p.closeCache()
	pl.Trace = pipeline.NewTrace()
	made, err := p.make(ctx, pl, engine, pipeline.NewDirStore(dir))
	if err != nil && (!errors.Is(err, pipeline.ErrProblems) || ctx.Err() != nil || made == nil) {
		return nil, end, err
	}
	// A check that finds errors is the end of a whole site.
	ended := ""
	if err != nil && stage != "check" {
		ended = stage
	}
	account, err := engine.Account()
	if err != nil {
		return nil, end, err
	}
	site := &explain.Site{Site: made, Engine: engine, Account: account, Trace: pl.Trace, Public: engine.PublishDir(), Decision: p.readDecision(), Ended: ended}
	for _, line := range pl.Lines() {
		if line.Phase == pipeline.PhaseMarkdown && !slices.Contains(site.Markdown, line.Plugin.Name) {
			site.Markdown = append(site.Markdown, line.Plugin.Name)
		}
	}
	return site, end, nil
}
