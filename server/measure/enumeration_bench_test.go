// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"ininjo/poa"
)

// BenchmarkEnumeration compares the times of answers about IDs that are known and
// IDs that are well-formed and unknown, asked in random order over one connection.
// Whoever guesses IDs must learn nothing from the time.
func BenchmarkEnumeration(b *testing.B) {
	w := openWorld(b, setting(b, "ININJO_BENCH_DELEGATIONS", 10_000))
	ours := w.ininjo(b, "GOGC="+gogc())
	q := w.status(ours, "")
	p, err := newPeer(q.addr)
	must(b, err)
	defer p.close()
	pairs := setting(b, "ININJO_BENCH_PAIRS", 20_000)
	random := rand.New(rand.NewPCG(6, 4))
	var known, unknown []float64
	wire := slices.Clone(q.wire)
	for i := range 2*pairs + 2000 {
		id, there := w.ids[random.IntN(len(w.ids)/10)*10], random.IntN(2) == 0
		if !there {
			id = poa.NewDelegationID()
		}
		copy(wire[q.at[0]:], id)
		began := nanos()
		answer, err := p.exchange(wire)
		took := float64(nanos()-began) / 1000
		must(b, err)
		if want := map[bool]string{true: `"VALID"`, false: `"UNKNOWN"`}[there]; !bytes.Contains(answer, []byte(want)) {
			b.Fatalf("want %s: %.200s", want, answer)
		}
		switch {
		case i < 2000: // warming up
		case there:
			known = append(known, took)
		default:
			unknown = append(unknown, took)
		}
		if i%10_000 == 0 {
			progress("%d of %d", i, 2*pairs)
		}
	}
	low, high := difference(random, known, unknown)
	u, z := mannWhitney(known, unknown)
	fmt.Fprintf(os.Stdout, "\nKnown: %d answers, median %.1f µs. Well-formed and unknown: %d answers, median %.1f µs.\n", len(known), medianOf(known), len(unknown), medianOf(unknown))
	fmt.Fprintf(os.Stdout, "Difference of the medians, bootstrap of 2,000, 95 %%: %.1f to %.1f µs.\n", low, high)
	fmt.Fprintf(os.Stdout, "Mann-Whitney: z %.2f (two-sided p %.3f); a known one is the slower of a pair in %.2f %% of pairs (50 is chance). %s.\n",
		z, math.Erfc(math.Abs(z)/math.Sqrt2), u*100, clock.Now().Format(time.DateOnly))
}

func medianOf(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// difference is the interval in which the difference of two medians lies, by
// drawing both again and again from what was measured.
func difference(random *rand.Rand, a, b []float64) (low, high float64) {
	const draws = 2000
	median := func(sorted []float64) float64 {
		// The median of a draw with replacement is the value at a place that is the
		// middle of as many uniform numbers: nearly normal around the middle.
		n := float64(len(sorted))
		at := n/2 + random.NormFloat64()*math.Sqrt(n)/2
		return sorted[min(len(sorted)-1, max(0, int(at)))]
	}
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	differences := make([]float64, draws)
	for i := range differences {
		differences[i] = median(a) - median(b)
	}
	slices.Sort(differences)
	return differences[draws*25/1000], differences[draws*975/1000]
}

// mannWhitney tells in which share of pairs one of a is the larger, and how many
// standard deviations that is from a half.
func mannWhitney(a, b []float64) (share, z float64) {
	type value struct {
		of   float64
		mine bool
	}
	all := make([]value, 0, len(a)+len(b))
	for _, v := range a {
		all = append(all, value{v, true})
	}
	for _, v := range b {
		all = append(all, value{v, false})
	}
	slices.SortFunc(all, func(x, y value) int { return cmp.Compare(x.of, y.of) })
	ranks := 0.0
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].of == all[i].of {
			j++
		}
		for k := i; k < j; k++ {
			if all[k].mine {
				ranks += float64(i+j+1) / 2 // ties share their ranks
			}
		}
		i = j
	}
	n, m := float64(len(a)), float64(len(b))
	u := ranks - n*(n+1)/2
	return u / (n * m), (u - n*m/2) / math.Sqrt(n*m*(n+m+1)/12)
}

// TestTheComparisonSeesADifference plants one, and none.
func TestTheComparisonSeesADifference(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	draw := func(around float64) []float64 {
		values := make([]float64, 20_000)
		for i := range values {
			values[i] = math.Round(around + 20*random.NormFloat64())
		}
		return values
	}
	if _, z := mannWhitney(draw(100), draw(100)); math.Abs(z) > 4 {
		t.Errorf("two of a kind differ by %f deviations", z)
	}
	if _, z := mannWhitney(draw(101), draw(100)); z < 3 {
		t.Errorf("a difference of a twentieth of a deviation is %f deviations", z)
	}
	if low, high := difference(random, draw(102), draw(100)); low < 0 || high > 4 {
		t.Errorf("a difference of 2 lies between %f and %f", low, high)
	}
}
