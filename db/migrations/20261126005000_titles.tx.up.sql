-- SPDX-License-Identifier: Apache-2.0
-- Titles of delegates (4.1.2, 4.1.3): the professional bodies as data, what is
-- asked of them and when, and what was seen.

-- The bodies: a correction is a new version, the newest counts. What is not
-- confirmed of a body says so in uncertain.
CREATE TABLE professional_bodies (
    qualification text NOT NULL CONSTRAINT professional_bodies_qualification CHECK (qualification IN ('ATTORNEY', 'JUDICIAL_SCRIVENER',
        'CERTIFIED_ADMINISTRATIVE_PROCEDURES_LEGAL_SPECIALIST', 'LAND_AND_HOUSE_INVESTIGATOR', 'PATENT_ATTORNEY', 'CERTIFIED_PUBLIC_TAX_ACCOUNTANT',
        'LABOR_AND_SOCIAL_SECURITY_ATTORNEY', 'CERTIFIED_PUBLIC_ACCOUNTANT')),
    version integer NOT NULL CONSTRAINT professional_bodies_version CHECK (version >= 1),
    name_ja text NOT NULL CONSTRAINT professional_bodies_name_ja CHECK (name_ja <> ''),
    name_en text NOT NULL CONSTRAINT professional_bodies_name_en CHECK (name_en <> ''),
    search_url text NOT NULL CONSTRAINT professional_bodies_search_url CHECK (search_url = '' OR search_url ~ '^https://'),
    search_keys text[] NOT NULL,
    -- A regular expression for the whole number after NFKC; it warns and never refuses.
    number_pattern text NOT NULL CONSTRAINT professional_bodies_pattern CHECK (char_length(number_pattern) <= 200),
    number_example text NOT NULL,
    uncertain text NOT NULL,
    telephone text NOT NULL,
    usage_note text NOT NULL,
    terms_note text NOT NULL,
    connector_per_second double precision NOT NULL CONSTRAINT professional_bodies_connector CHECK (connector_per_second > 0 AND connector_per_second <= 100),
    hand_per_day integer NOT NULL CONSTRAINT professional_bodies_hand CHECK (hand_per_day BETWEEN 1 AND 100000),
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT professional_bodies_pkey PRIMARY KEY (qualification, version)
);

INSERT INTO professional_bodies (qualification, version, name_ja, name_en, search_url, search_keys, number_pattern, number_example, uncertain, telephone,
    usage_note, terms_note, connector_per_second, hand_per_day, recorded_by, recorded_at) VALUES
('ATTORNEY', 1, '日本弁護士連合会', 'Japan Federation of Bar Associations', 'https://www.nichibenren.jp/member_general/', '{NUMBER,NAME,ASSOCIATION}',
    '[0-9]{1,5}', '12345', '', '', '「弁護士情報検索」に登録番号または氏名を入力する。外字は画像で表示される。再登録では番号が変わる。懲戒は官報等でのみ公告され、照会できる者は限られる。',
    '自動での取得はしない。人が画面で確認する。', 1, 200, 'system', '2026-11-26T00:00:00Z'),
('JUDICIAL_SCRIVENER', 1, '日本司法書士会連合会', 'Japan Federation of Shiho-Shoshi Lawyer''s Associations', 'https://www.shiho-shoshi.or.jp/other/doui/', '{NAME,OFFICE,PREFECTURE}',
    '.{1,12}第[0-9]{1,5}号', '東京第1234号', '登録番号の形式は未確認。', '', '同意の画面を経て「司法書士検索」に進み、氏名・事務所・地域を入力する。',
    '自動での取得はしない。掲載内容の複製・転載・公衆送信は認められていない。', 1, 200, 'system', '2026-11-26T00:00:00Z'),
('CERTIFIED_ADMINISTRATIVE_PROCEDURES_LEGAL_SPECIALIST', 1, '日本行政書士会連合会', 'Japan Federation of Certified Administrative Procedures Legal Specialists Associations',
    'https://www.gyosei.or.jp/members-search', '{NUMBER,NAME,PREFECTURE}', '[0-9]{8}', '12345678', '登録番号（年2桁・都道府県2桁・連番4桁）の形式は未確認。', '',
    '「行政書士会員検索」に氏名・登録番号・都道府県を入力する。', '自動での取得はしない。掲載内容の複製・転載・公衆送信は認められていない。', 1, 200, 'system', '2026-11-26T00:00:00Z'),
('LAND_AND_HOUSE_INVESTIGATOR', 1, '日本土地家屋調査士会連合会', 'Japan Federation of Land and House Investigators'' Associations', 'https://www.chosashi.or.jp/', '{NAME,PREFECTURE}',
    '.{1,12}第[0-9]{1,5}号', '東京会第1234号', '検索の画面の所在と、登録番号の形式は未確認。', '', '連合会のページから所属会の名簿を探すか、所属会に電話で照会する。登録は毎月1日・10日・20日に行われる。',
    '自動での取得はしない。人が画面または電話で確認する。', 1, 200, 'system', '2026-11-26T00:00:00Z'),
('PATENT_ATTORNEY', 1, '日本弁理士会', 'Japan Patent Attorneys Association', 'https://benrishi-navi.com/', '{NUMBER,NAME,PREFECTURE}',
    '[0-9]{1,5}', '12345', '登録番号の桁数は未確認。', '', '「弁理士ナビ」に氏名または登録番号を入力する。元の情報の更新は月2回。事務所ごとに1行が表示される。', '自動での取得はしない。人が画面で確認する。', 1, 200, 'system', '2026-11-26T00:00:00Z'),
('CERTIFIED_PUBLIC_TAX_ACCOUNTANT', 1, '日本税理士会連合会', 'Japan Federation of Certified Public Tax Accountants'' Associations', 'https://www.zeirishikensaku.jp/', '{NUMBER,NAME,KANA,PREFECTURE}',
    '[0-9]{1,6}', '123456', '登録番号の桁数（6桁まで）は未確認。', '', '「税理士情報検索サイト」に登録番号・氏名・カナを入力する。懲戒処分と、報酬のある公職による業務停止の期間も表示される。',
    '自動での取得はしない。複製・転載・公衆送信・商用利用は固く禁じられている。', 1, 200, 'system', '2026-11-26T00:00:00Z'),
('LABOR_AND_SOCIAL_SECURITY_ATTORNEY', 1, '全国社会保険労務士会連合会', 'Japan Federation of Labor and Social Security Attorney''s Associations', 'https://www.shakaihokenroumushi.jp/tabid/238/Default.aspx',
    '{NAME,PREFECTURE}', '[0-9]{8}', '13123456', '登録番号（都道府県2桁・年2桁・連番4桁）の形式は未確認。', '', '都道府県会の一覧から所属会の名簿を開く。全国の検索はない。懲戒は厚生労働省のページで確認する。',
    '自動での取得はしない。所属会ごとの利用条件を確認する。', 1, 200, 'system', '2026-11-26T00:00:00Z'),
('CERTIFIED_PUBLIC_ACCOUNTANT', 1, '日本公認会計士協会', 'Japanese Institute of Certified Public Accountants', '', '{NUMBER,NAME,PREFECTURE}',
    '[0-9]{1,6}', '12345', '検索の画面の所在、入力項目、登録番号の桁数は未確認。登録番号は会員番号とは別のもの。', '', '「公認会計士等検索システム」に氏名または登録番号を入力する。', '自動での取得はしない。人が画面で確認する。', 1, 200, 'system', '2026-11-26T00:00:00Z');

-- Where the check of a delegation's title stands. A round is one time of asking,
-- from its opening to its outcome.
CREATE TABLE titles (
    delegation_id text CONSTRAINT titles_pkey PRIMARY KEY CONSTRAINT titles_delegation REFERENCES delegations (id),
    qualification text NOT NULL,
    state text NOT NULL CONSTRAINT titles_state CHECK (state IN ('UNASKED', 'WAITING', 'CONFIRMED', 'SUSPENDED', 'STRUCK_OFF', 'UNCONFIRMED', 'OVER')),
    round integer NOT NULL CONSTRAINT titles_round CHECK (round >= 0),
    opened_at timestamptz NOT NULL,
    ask_at timestamptz NOT NULL,
    -- The engagement was confirmed, in this round or an earlier one.
    engaged boolean NOT NULL DEFAULT false,
    verified_at timestamptz,
    due_at timestamptz,
    -- The one suspension that these checks open and lift, '' before the first.
    suspension_id text NOT NULL DEFAULT '',
    CONSTRAINT titles_unasked CHECK ((state = 'UNASKED') = (round = 0) OR state = 'OVER'),
    CONSTRAINT titles_confirmed CHECK (state <> 'CONFIRMED' OR engaged AND verified_at IS NOT NULL AND due_at IS NOT NULL)
) WITH (fillfactor = 80);
CREATE INDEX titles_due ON titles (due_at, delegation_id) WHERE state NOT IN ('WAITING', 'OVER');
CREATE INDEX titles_waiting ON titles (ask_at, delegation_id) WHERE state = 'WAITING';

-- A round is opened once, whichever process does it.
CREATE TABLE title_rounds (
    delegation_id text NOT NULL CONSTRAINT title_rounds_delegation REFERENCES delegations (id),
    round integer NOT NULL CONSTRAINT title_rounds_round CHECK (round >= 1),
    opened_at timestamptz NOT NULL,
    ask_at timestamptz NOT NULL,
    CONSTRAINT title_rounds_pkey PRIMARY KEY (delegation_id, round)
);

-- When a body can be asked next, so that what falls due at once is asked within
-- its rate. The row's lock lets one process at a time hand out places.
CREATE TABLE title_slots (
    qualification text CONSTRAINT title_slots_pkey PRIMARY KEY,
    next_at timestamptz NOT NULL
) WITH (fillfactor = 50);
INSERT INTO title_slots (qualification, next_at) SELECT qualification, '2000-01-01T00:00:00Z' FROM professional_bodies;

-- What was seen, by whom: append-only. Names, offices, numbers, who answered and
-- remarks are in sealed.
CREATE TABLE title_looks (
    id text CONSTRAINT title_looks_pkey PRIMARY KEY,
    delegation_id text NOT NULL,
    number integer NOT NULL CONSTRAINT title_looks_number CHECK (number >= 1),
    round integer NOT NULL,
    by_connector boolean NOT NULL,
    looked_by text NOT NULL CONSTRAINT title_looks_by CHECK (looked_by <> ''),
    standing text NOT NULL CONSTRAINT title_looks_standing CHECK (standing IN ('REGISTERED', 'SUSPENDED', 'STRUCK_OFF', 'NOT_FOUND', 'UNREACHABLE', 'NOT_ASKED')),
    engaged boolean NOT NULL,
    name_result text NOT NULL CONSTRAINT title_looks_name CHECK (name_result IN ('', 'MATCH', 'POSSIBLE', 'MISMATCH')),
    same_person boolean NOT NULL,
    seen_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    event_id text NOT NULL,
    sealed bytea NOT NULL,
    CONSTRAINT title_looks_order UNIQUE (delegation_id, number),
    CONSTRAINT title_looks_round FOREIGN KEY (delegation_id, round) REFERENCES title_rounds (delegation_id, round),
    CONSTRAINT title_looks_seen CHECK (seen_at <= recorded_at),
    CONSTRAINT title_looks_connector CHECK (NOT (by_connector AND engaged))
);

-- A confirmation is a fact of the delegation's history, so that an answer stays
-- a function of the version read: from when it was verified until it is stale.
ALTER TABLE facts DROP CONSTRAINT facts_kind, DROP CONSTRAINT facts_only_suspensions_pass;
ALTER TABLE facts ADD CONSTRAINT facts_kind
        CHECK (kind IN ('ACCEPTED', 'REVOKED', 'RENOUNCED', 'SUPERSEDED', 'ENDED', 'SUSPENSION', 'TITLE_CONFIRMED')),
    ADD CONSTRAINT facts_only_some_pass CHECK (kind IN ('SUSPENSION', 'TITLE_CONFIRMED') OR effective_until IS NULL),
    ADD CONSTRAINT facts_title CHECK (kind <> 'TITLE_CONFIRMED' OR effective_until IS NOT NULL AND effective_from <= recorded_at);
ALTER TABLE projections ADD COLUMN title_version integer, ADD COLUMN title_verified_at timestamptz, ADD COLUMN title_until timestamptz, ADD COLUMN title_recorded_at timestamptz,
    ADD CONSTRAINT projections_title CHECK (num_nulls(title_version, title_verified_at, title_until, title_recorded_at) IN (0, 4));

-- What was filed before titles were checked is asked for with the next run.
INSERT INTO titles (delegation_id, qualification, state, round, opened_at, ask_at, due_at)
    SELECT id, qualification, 'UNASKED', 0, coalesce(accepted_at, submitted_at), coalesce(accepted_at, submitted_at), coalesce(accepted_at, submitted_at)
    FROM delegations WHERE qualification <> '' AND state IN ('SUBMITTED', 'ACCEPTED');

GRANT SELECT, INSERT ON professional_bodies, titles, title_rounds, title_slots, title_looks TO ininjo_program;
GRANT UPDATE (state, round, opened_at, ask_at, engaged, verified_at, due_at, suspension_id) ON titles TO ininjo_program;
GRANT UPDATE (next_at) ON title_slots TO ininjo_program;
GRANT UPDATE (title_version, title_verified_at, title_until, title_recorded_at) ON projections TO ininjo_program;
GRANT SELECT, DELETE ON titles, title_rounds, title_looks TO ininjo_retention;
GRANT SELECT ON professional_bodies TO ininjo_auditor;
