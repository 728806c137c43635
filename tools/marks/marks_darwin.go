package marks

import (
	"io/fs"
	"syscall"
)

// Of is what the system notes of a file, if it can be told.
func Of(info fs.FileInfo) (Mark, bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return Mark{}, false
	}
	return Mark{info.Size(), info.ModTime().UnixNano(), st.Ctimespec.Sec*1e9 + st.Ctimespec.Nsec, st.Ino}, true
}
