select
    {{ each_day('period_start', 'period_end') }} as day,
    period_start,
    period_number
from {{ source('raw', 'config_periods') }}
