package main

import (
	"fmt"
	"os"
	"runtime/pprof"
)

// profile writes a profile of the processor's time to a file, for those who
// look for what a build spends it on. It returns what ends it.
func profile(name string) (end func()) {
	if name == "" {
		return func() {}
	}
	f, err := os.Create(name)
	if err == nil {
		err = pprof.StartCPUProfile(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return func() {}
	}
	return func() {
		pprof.StopCPUProfile()
		f.Close()
	}
}
