package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"duskpress/tools/pipeline"
)

func (c *cli) plugins() *cobra.Command {
	flags := &buildFlags{}
	cmd := &cobra.Command{
		Use:   "plugins",
		Short: "Print the pipeline: the plugins of each phase in the order in which they run",
		Long: "Print the pipeline: the plugins of each phase in the order in which they run.\n\n" +
			"A phase is a moment of a build; a plugin may have a hook in several.",
		Example: "  duskpress plugins\n" +
			"  duskpress plugins --source ../blog",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p := &press{cli: c, flags: flags, log: c.log(), problems: new(pipeline.Problems)}
			p.summary.Command = c.command
			engine, pl, err := p.load(cmd.Context())
			if engine != nil {
				defer engine.Close()
			}
			if err != nil {
				return p.finish(cmd.Context(), err)
			}
			phase := pipeline.Phase("")
			for _, line := range pl.Lines() {
				if line.Phase != phase {
					phase = line.Phase
					fmt.Fprintln(c.stdout, phase)
				}
				after := ""
				if len(line.Plugin.After) > 0 {
					after = " (after " + strings.Join(line.Plugin.After, ", ") + ")"
				}
				fmt.Fprintf(c.stdout, "  %-12s %s%s\n", line.Plugin.Name, line.Plugin.Summary, after)
			}
			if d := pl.Disabled(); len(d) > 0 {
				fmt.Fprintf(c.stdout, "disabled: %s\n", strings.Join(d, ", "))
			}
			if engine.Settings().Compat {
				fmt.Fprintln(c.stdout, "profile: compat (the configuration has no [params.duskpress])")
			}
			return nil
		},
	}
	flags.add(cmd)
	return cmd
}
