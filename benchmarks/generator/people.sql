-- Invented people. Every draw is a hash of (row, what is drawn, seed): the same seed gives the same world.
-- Variables: scale (1 is the action's size), seed. Tables that Python has filled: platform, bureau, county, occupation.

create or replace macro chance(i, what) as
    (hash(i, what, getvariable('seed')) >> 11)::double / 9007199254740992.0;
create or replace macro pick(i, what, n) as
    (hash(i, what, getvariable('seed')) % n::ubigint)::bigint;

-- 2.2 registrations a person. The number of each is made up, with a right check character.
create table person as
with drawn as (
    select
        i as person,
        county.region_code,
        county.region_code
        || strftime(date '1958-01-01' + pick(i, 'born', 16000)::integer, '%Y%m%d')
        || lpad(pick(i, 'order', 1000)::varchar, 3, '0') as seventeen
    from range((5400000 * getvariable('scale') / 2.2)::bigint) as drawn (i)
    inner join county on county.n = pick(i, 'home', (select count(*) from county))
),

weighed as (
    select *,
        list_sum(list_transform(
            list_zip(split(seventeen, ''), [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]),
            lambda pair: pair[1]::integer * pair[2]
        ))::integer as weight
    from drawn
)

select
    person,
    'resident_id' as id_type,
    seventeen || substr('10X98765432', 1 + weight % 11, 1) as id_number,
    region_code,
    substr('王李张刘陈杨赵黄周吴', 1 + pick(person, 'surname', 10)::integer, 1)
    || substr('伟芳娜敏静丽强磊军洋', 1 + pick(person, 'name', 10)::integer, 1) as learner_name,
    '139' || lpad(pick(person, 'phone', 100000000)::varchar, 8, '0') as phone,
    '10.' || pick(person // 3, 'ip1', 250) || '.' || pick(person // 3, 'ip2', 250) || '.' || pick(person // 3, 'ip3', 250)
        as client_ip,
    case when chance(person, 'employed') < 0.4
        then '91' || lpad(pick(person, 'employer', 40000)::varchar, 16, '0') end as employer_uscc
from weighed;
