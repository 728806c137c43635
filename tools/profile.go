package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"

	"github.com/spf13/cobra"
)

// profile writes what the processor did to a file, until the function that it
// returns is called; that also writes what the memory held, and all that was
// ever asked of it, to FILE.heap.
func profile(file string) (end func() error, err error) {
	cpu, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return nil, errors.Join(err, cpu.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		err := cpu.Close()
		heap, herr := os.Create(file + ".heap")
		if herr != nil {
			return errors.Join(err, herr)
		}
		runtime.GC() // so that the figures are those of this moment
		return errors.Join(err, pprof.Lookup("allocs").WriteTo(heap, 0), heap.Close())
	}, nil
}

func (b *buildFlags) addProfile(cmd *cobra.Command) {
	cmd.Flags().StringVar(&b.profile, "profile", "", "write a CPU profile to this file, and one of memory to FILE.heap")
}

// profiled runs a command's work with a profile, if one is asked.
func (p *press) profiled(work func() error) error {
	if p.flags.profile == "" {
		return work()
	}
	end, err := profile(p.flags.profile)
	if err != nil {
		return err
	}
	err = work()
	if perr := end(); perr != nil {
		return errors.Join(err, perr)
	}
	p.summary.Notes = append(p.summary.Notes, fmt.Sprintf("profiles: go tool pprof -http=: %s (or %[1]s.heap)", p.flags.profile))
	return err
}
