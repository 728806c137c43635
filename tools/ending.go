package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"duskpress/tools/deploy"
	"duskpress/tools/pipeline"
	"duskpress/tools/publish"
	"duskpress/tools/report"
)

// speaksOfProduction reports whether the last line of a command says whether
// production changed.
func speaksOfProduction(command string) bool {
	return slices.Contains([]string{"deploy", "verify", "rollback", "status"}, command)
}

// again is the command as it was given, to be given again.
func (c *cli) again() string {
	words := []string{self()}
	for _, a := range c.args {
		words = append(words, quoted(a))
	}
	return strings.Join(words, " ")
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

var plainWord = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

// endDeploy shows the outcome of a command that may change production. Its last
// line always says whether it did.
func (c *cli) endDeploy(o *deploy.Outcome, start time.Time) error {
	if o.Exit != 0 && o.Next == "" {
		o.Next = c.again() + ", once that is mended"
	}
	if o.Message != "" {
		if err := c.printer().Problems([]pipeline.Problem{{
			Severity: pipeline.Error, File: c.command, Rule: o.Rule, Message: oneLine(o.Message), Hint: oneLine(o.Hint),
		}}); err != nil {
			return err
		}
	}
	if report.Format(c.format) == report.JSON {
		c.deployJSON(o, start)
	} else {
		c.deployText(o)
	}
	if o.Exit == 0 {
		return nil
	}
	return exitCode(o.Exit)
}

func (c *cli) deployText(o *deploy.Outcome) {
	w := c.stdout
	if p := o.Plan; p != nil && !c.quiet {
		if p.Calls != nil {
			for _, l := range []struct {
				sign  string
				names []string
			}{{"new     ", p.New}, {"changed ", p.Changed}, {"gone    ", p.Gone}} {
				for _, name := range l.names {
					fmt.Fprintf(w, "%s %s\n", l.sign, name)
				}
			}
		}
		fmt.Fprintf(w, "plan: %d new, %d changed, %d gone, %d the same; the host may lack %s, %s\n",
			len(p.New), len(p.Changed), len(p.Gone), p.Same, report.Count(p.Upload, "file"), report.Size(p.Bytes))
		for i, call := range p.Calls {
			fmt.Fprintf(w, "would %d: %s\n", i+1, call)
		}
	}
	if o.Proof != nil && !c.quiet {
		fmt.Fprintf(w, "verified: %s\n", o.Proof)
	}
	for _, n := range o.Notes {
		fmt.Fprintf(w, "note: %s\n", n)
	}
	fmt.Fprintln(w, o.Last(c.command))
}

func (c *cli) deployJSON(o *deploy.Outcome, start time.Time) {
	var changed any
	switch o.Production {
	case deploy.Unchanged:
		changed = false
	case deploy.Changed:
		changed = true
	}
	notes := o.Notes
	if notes == nil {
		notes = []string{}
	}
	line, err := json.Marshal(map[string]any{
		"command": c.command, "exit": o.Exit, "outcome": o.Done, "production_changed": changed, "production": o.Production.String(),
		"deploy": o.ID, "url": o.URL, "plan": o.Plan, "proof": o.Proof, "notes": notes, "next": o.Next,
		"milliseconds": time.Since(start).Milliseconds(),
	})
	if err == nil {
		fmt.Fprintf(c.stdout, "%s\n", line)
	}
}

// notDeployed ends a command before its host was asked for anything.
func (c *cli) notDeployed(err error, start time.Time) error {
	o := &deploy.Outcome{Exit: exitProblems, Rule: "machine"}
	var (
		code   exitCode
		locked *publish.LockedError
	)
	switch {
	case errors.As(err, &code):
		o.Exit, o.Rule = int(code), ""
		o.Done = "nothing was sent"
	case errors.As(err, &locked):
		o.Rule, o.Message, o.Hint = "locked", err.Error(), locked.Hint
	default:
		o.Message = err.Error()
	}
	return c.endDeploy(o, start)
}
