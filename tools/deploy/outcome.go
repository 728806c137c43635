package deploy

import (
	"context"
	"errors"
	"fmt"
)

// Exit codes. 0 and 2 are those of every command.
const (
	Verified     = 0
	BadInput     = 2 // nothing was sent
	NotLetIn     = 3
	HostRefused  = 4
	Unreachable  = 5 // nothing was published
	Unfinished   = 6 // running it again resumes it
	LiveDiffers  = 7
	NotPublished = 8 // locked, or another deploy came first
	Interrupted  = 130
)

// An Ending is an error that ends a run and knows its exit code.
type Ending struct {
	Exit          int
	Rule          string
	Message, Hint string
	Err           error

	call Call   // the request that showed it, where Err is no Failure
	seen string // what was read and is not what was sent, as probes
}

func (e *Ending) Error() string { return e.Message }
func (e *Ending) Unwrap() error { return e.Err }

func bad(rule, message, hint string) *Ending {
	return &Ending{Exit: BadInput, Rule: rule, Message: message, Hint: hint}
}

// A Change says whether readers see something else than before the run.
type Change int

const (
	Unchanged Change = iota
	Changed
	// Unread: the host was told to publish and could not be asked whether it did.
	Unread
)

func (c Change) String() string {
	return [...]string{"production is unchanged", "production changed", "production was to change, and could not be read back"}[c]
}

// An Outcome is how a run ended.
type Outcome struct {
	Exit       int
	Production Change
	ID         string // of the deploy, if there is one
	URL        string // where to look at it
	Done       string // one sentence: what is now the case
	Rule       string // of the failure
	Message    string
	Hint       string
	Notes      []string
	Next       string // the next command, and what it wants first
	Plan       *Plan
	Proof      *Proof
}

// end makes an error an outcome.
func (o *Outcome) end(ctx context.Context, err error, sent bool) {
	if err == nil {
		return
	}
	var e *Ending
	switch {
	case errors.As(err, &e):
	case errors.Is(ctx.Err(), context.Canceled): // Ctrl-C
		e = &Ending{Exit: Interrupted, Rule: "interrupted", Message: "interrupted"}
		if sent {
			e.Exit = Unfinished
		}
	case errors.Is(err, errChanged):
		e = &Ending{Exit: Unfinished, Rule: "source", Message: err.Error(), Hint: "let nothing write to the site while it is deployed, and run it again"}
		if !sent {
			e.Exit = BadInput
		}
	default:
		e = &Ending{Exit: Unfinished, Rule: "machine", Message: err.Error()}
		if !sent {
			e.Exit = 1
		}
	}
	o.Exit, o.Rule, o.Message, o.Hint = e.Exit, e.Rule, e.Message, e.Hint
}

// Last is the last line of a run.
func (o *Outcome) Last(command string) string {
	s := command + ": "
	if o.Done != "" {
		s += o.Done + "; "
	}
	s += o.Production.String()
	if o.ID != "" {
		s += "; deploy " + o.ID
	}
	if o.URL != "" {
		s += " at " + o.URL
	}
	if o.Next != "" {
		s += "; next: " + o.Next
	}
	return fmt.Sprintf("%s, exit=%d", s, o.Exit)
}
