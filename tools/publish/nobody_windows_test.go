package publish

import "testing"

func asNobody(t *testing.T) { t.Skip("no such user") }
