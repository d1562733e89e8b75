select resource, reason, count(*) as records
from raw.rejected
group by resource, reason
