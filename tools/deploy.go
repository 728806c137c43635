package main

import (
	"time"

	"github.com/spf13/cobra"

	"duskpress/tools/deploy"
)

type deployFlags struct {
	buildFlags
	hostFlags
	draft, dryRun, noBuild, shrink, direct bool
	alias, message                         string
}

func (c *cli) deploy() *cobra.Command {
	var flags deployFlags
	cmd := &cobra.Command{
		Use:   "deploy",
		Short: "Build the site, bring it to its host, and prove that it is live",
		Long: "Build the site, bring it to its host, and prove that it is live.\n\n" +
			"It is safe to run again, whatever happened: it finds what an earlier run began, and goes on from there.\n" +
			"The last line says whether production changed.",
		Example: "  NETLIFY_AUTH_TOKEN=... NETLIFY_SITE_ID=... duskpress deploy\n" +
			"  duskpress deploy --dry-run\n" +
			"  duskpress deploy --draft --buildDrafts\n" +
			"  duskpress deploy --target dir:/srv/www/notes",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.runDeploy(cmd, &flags)
		},
	}
	flags.buildFlags.add(cmd)
	flags.hostFlags.add(cmd)
	f := cmd.Flags()
	f.BoolVar(&flags.draft, "draft", false, "stop before publishing: the deploy is seen at its own address only")
	f.StringVar(&flags.alias, "alias", "", "deploy to a second address with this name, and not to production")
	f.StringVar(&flags.message, "message", "", "title of the deploy in the host's console")
	f.BoolVar(&flags.dryRun, "dry-run", false, "show the plan, and send nothing")
	f.BoolVar(&flags.noBuild, "no-build", false, "deploy what is in public/")
	f.BoolVar(&flags.shrink, "allow-shrink", false, "allow that much of the live site goes")
	f.BoolVar(&flags.direct, "direct", false, "publish by a deploy that publishes itself; for a host that does not publish drafts")
	return cmd
}

func (c *cli) runDeploy(cmd *cobra.Command, flags *deployFlags) error {
	start := time.Now()
	if flags.draft && flags.alias != "" {
		return c.fail("--draft and --alias are two kinds of deploys", "leave one of them out")
	}
	o, err := c.host(&flags.hostFlags)
	if err != nil {
		return err
	}
	o.Message, o.Draft, o.Alias, o.Direct = flags.message, flags.draft, flags.alias, flags.direct
	o.DryRun, o.Shrink = flags.dryRun, flags.shrink
	lock, err := c.deployLock(o)
	if err != nil {
		return c.notDeployed(err, start)
	}
	defer lock.Close()
	destination, _ := cmd.Flags().GetString("destination")
	dir := c.publicDir(destination)
	if err := c.apart(flags.target, dir); err != nil {
		return err
	}
	if !flags.noBuild {
		p := c.newPress(&flags.buildFlags, true)
		p.summary.Command = "build"
		err := p.run(cmd.Context())
		p.progress.Done()
		if err = p.finish(cmd.Context(), err); err != nil {
			return c.notDeployed(err, start)
		}
		dir = p.summary.Destination
	}
	if o.Freeze, err = freeze(dir); err != nil {
		return c.notDeployed(err, start)
	}
	bar := c.bar()
	o.Progress = bar.Report
	out := deploy.Run(cmd.Context(), o)
	bar.Done()
	return c.endDeploy(out, start)
}

func (c *cli) verify() *cobra.Command {
	var flags hostFlags
	cmd := &cobra.Command{
		Use:   "verify [ID]",
		Short: "Prove again, byte by byte, that a deploy, or what is live, is what was sent",
		Example: "  duskpress verify\n" +
			"  duskpress verify --target dir:/srv/www/notes",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			start := time.Now()
			o, err := c.host(&flags)
			if err != nil {
				return err
			}
			lock, err := c.deployLock(o)
			if err != nil {
				return c.notDeployed(err, start)
			}
			defer lock.Close()
			id := ""
			if len(args) == 1 {
				id = args[0]
			}
			bar := c.bar()
			o.Progress = bar.Report
			out := deploy.RunVerify(cmd.Context(), o, id)
			bar.Done()
			return c.endDeploy(out, start)
		},
	}
	flags.add(cmd)
	return cmd
}
