// SPDX-License-Identifier: Apache-2.0

package measure_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// floorSQL is the one statement of the floor, which pgx prepares.
const floorSQL = `SELECT final_kind, valid_from, valid_through FROM projections WHERE delegation_id = $1`

// floorAnswer is what the floor answers, in the shape that GraphQL gives it.
type floorAnswer struct {
	Data struct {
		Validity struct {
			Status string `json:"status"`
		} `json:"validity"`
	} `json:"data"`
}

// runFloor serves what everything else is compared with: net/http, pgxpool and
// encoding/json around one prepared SELECT. It asks nobody who he is, audits
// nothing and knows no GraphQL. It prints its address and ends with its parent.
func runFloor(url string) error {
	pool, err := pgxpool.New(context.Background(), url)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(os.Stdout, "http://%s\n", listener.Addr()); err != nil {
		return err
	}
	server := &http.Server{Handler: floor(pool), ReadHeaderTimeout: 5 * time.Second}
	return server.Serve(listener)
}

func floor(pool *pgxpool.Pool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var question struct {
			DelegationID string `json:"delegationId"`
		}
		if err := json.NewDecoder(r.Body).Decode(&question); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var final *string
		var from, through time.Time
		err := pool.QueryRow(r.Context(), floorSQL, question.DelegationID).Scan(&final, &from, &through)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		var answer floorAnswer
		answer.Data.Validity.Status = floorStatus(err == nil, final, from, through)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer) // the caller may have gone away
	})
}

func floorStatus(found bool, final *string, from, through time.Time) string {
	today := clock.Now().Add(9 * time.Hour).Truncate(24 * time.Hour) // the day in Japan, as pgx gives dates
	switch {
	case !found:
		return "UNKNOWN"
	case final != nil:
		return *final
	case through.Before(today):
		return "EXPIRED"
	case from.After(today):
		return "NOT_YET_VALID"
	}
	return "VALID"
}
