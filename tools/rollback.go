package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"duskpress/tools/deploy"
	"duskpress/tools/probe"
)

func (c *cli) rollback() *cobra.Command {
	var flags hostFlags
	var to, because, why string
	var force, lock bool
	cmd := &cobra.Command{
		Use:   "rollback --because PROBE.http",
		Short: "Publish an earlier deploy again, after a probe has reproduced what is wrong",
		Long: "Publish an earlier deploy again, after a probe has reproduced what is wrong.\n\n" +
			"The probe has to fail on what is live and to pass on the target. What it saw is kept in .duskpress/incidents/.",
		Example: "  duskpress rollback --because outage.http\n" +
			"  duskpress rollback --to 65f0c1d2 --because outage.http --lock\n" +
			"  duskpress rollback --force --why \"the legal department called\"",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			start := time.Now()
			switch {
			case force && strings.TrimSpace(why) == "":
				return c.fail("--force needs a reason", "add --why \"...\"; it is kept in the journal")
			case !force && because == "":
				return c.fail("what is wrong?", "name a probe that fails on what is live: --because PROBE.http")
			case force && because != "":
				return c.fail("--force passes over the probe, so --because has no meaning", "leave one of them out")
			case !force && why != "":
				return c.fail("--why belongs to --force", "")
			}
			b := deploy.Rollback{To: to, Because: because, Why: why, Lock: lock}
			if !force {
				f, err := probe.Read(because)
				if err != nil {
					return c.badProbe(err)
				}
				b.Reproduce = func(ctx context.Context, at string) (*deploy.Evidence, error) { return evidence(ctx, f, at, c.log()) }
			}
			o, err := c.host(&flags)
			if err != nil {
				return err
			}
			held, err := c.deployLock(o)
			if err != nil {
				return c.notDeployed(err, start)
			}
			defer held.Close()
			bar := c.bar()
			o.Progress = bar.Report
			out := deploy.RunRollback(cmd.Context(), o, b)
			bar.Done()
			return c.endDeploy(out, start)
		},
	}
	flags.add(cmd)
	f := cmd.Flags()
	f.StringVar(&to, "to", "", "deploy to go back to (default: the last verified one before what is live)")
	f.StringVar(&because, "because", "", "file of a probe that fails on what is live and passes on the target")
	f.BoolVar(&lock, "lock", false, "lock the site afterwards, so that a push to git does not undo it")
	f.BoolVar(&force, "force", false, "without a probe")
	f.StringVar(&why, "why", "", "reason of --force")
	return cmd
}

// evidence runs a probe at an address. A release in a directory, which has none,
// is served for it.
func evidence(ctx context.Context, f *probe.File, at string, logger *slog.Logger) (*deploy.Evidence, error) {
	base := at
	if filepath.IsAbs(at) {
		var g errgroup.Group
		ctx, stop := context.WithCancel(ctx)
		defer func() { stop(); _ = g.Wait() }()
		var err error
		if base, err = served(ctx, &g, at, logger); err != nil {
			return nil, err
		}
	}
	results, err := probe.Run(ctx, f, probe.Options{Base: base})
	if err != nil {
		return nil, &deploy.Ending{Exit: exitUsage, Rule: "probe", Message: err.Error(), Err: err}
	}
	e := &deploy.Evidence{At: at, Passed: true}
	var b strings.Builder
	for _, r := range results {
		e.Passed = e.Passed && r.OK()
		r.Show(&b)
	}
	e.Report = b.String()
	return e, nil
}
